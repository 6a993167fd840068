using Fairway.Core.Directory;

namespace Fairway.Core.Tests.Directory;

public class EjectionAndPanicTests
{
    private readonly ServiceBench _bench = new();

    [Fact]
    public void Snapshot_FailingInstance_IsEjectedForTenSeconds()
    {
        _bench.Register("a", "b", "c");
        Fail("a");
        Assert.Equal("a=Ejected b=Unknown c=Unknown", _bench.States());

        _bench.Advance(9.9);
        Assert.Equal(InstanceState.Ejected, _bench.View("a").State);
        _bench.Advance(0.1);
        Assert.Equal(InstanceState.Ready, _bench.View("a").State);
    }

    [Fact]
    public void Snapshot_FailsAgainOnReturn_IsEjectedForLonger()
    {
        _bench.Register("a", "b", "c");
        Fail("a");
        _bench.Snapshot();
        _bench.Advance(10);
        Fail("a");
        _bench.Snapshot();

        _bench.Advance(19.9);
        Assert.Equal(InstanceState.Ejected, _bench.View("a").State);
        _bench.Advance(0.1);
        Assert.Equal(InstanceState.Ready, _bench.View("a").State);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(7, 3)]
    public void Snapshot_AllFail_AtMostHalfAreEjected(int instances, int ejected)
    {
        var ids = Enumerable.Range(0, instances).Select(i => $"i{i}").ToArray();
        _bench.Register(ids);
        Fail(ids);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(ejected, _bench.Snapshot().Instances.Count(view => view.State is InstanceState.Ejected));
            _bench.Advance(1);
            Fail(ids);
        }
    }

    [Fact]
    public void Snapshot_MoreFailThanMayGo_TheWorstGo()
    {
        _bench.Register("a", "b", "c");
        _bench.Report("a", ServiceBench.Load(20) with { ErrorRate = 0.6 });
        _bench.Report("b", ServiceBench.Load(20) with { ErrorRate = 0.9 });
        _bench.Report("c", ServiceBench.Load(20) with { ErrorRate = 0.7 });
        Assert.Equal("a=Ready b=Ejected c=Ready", _bench.States());
    }

    [Fact]
    public void Snapshot_OthersLeave_SurplusIsReadmitted()
    {
        _bench.Register("a", "b", "c", "d");
        Fail("a", "b");
        _bench.Snapshot();
        _bench.Model.RemoveInstance("c");
        Assert.Single(_bench.Snapshot().Instances, view => view.State is InstanceState.Ejected);
    }

    [Fact]
    public void Snapshot_BelowHalfUsable_PanicsAndReadmitsEjectedOnly()
    {
        _bench.Register("a", "b", "c", "d");
        Fail("a");
        _bench.Say("ex2", ServiceBench.Down("b"));
        Assert.Empty(_bench.Snapshot().PanickedLanes); // two of four is not below half

        _bench.Model.SetOffline([new OfflineMark(ServiceBench.Record("c").Address, "op", "test", null)]);
        var snapshot = _bench.Snapshot();

        Assert.Equal<string>([""], snapshot.PanickedLanes);
        Assert.Equal("a=Ejected b=Down c=Offline d=Unknown", _bench.States());
        Assert.Equal(["a", "d"], snapshot.Instances.Where(snapshot.MayServe).Select(view => view.Id).Order());
    }

    [Fact]
    public void Snapshot_OneLaneBelowHalf_PanicsAlone()
    {
        _bench.Register("a", "b");
        _bench.Register(ServiceBench.Record("x") with { Lane = "blue" });
        _bench.Say("ex", ServiceBench.Down("x"));
        Assert.Equal<string>(["blue"], _bench.Snapshot().PanickedLanes);
    }

    [Fact]
    public void Snapshot_EjectedInPanic_KeepsAWeight()
    {
        _bench.Register("a", "b", "c", "d");
        Fail("a");
        _bench.Say("ex2", ServiceBench.Down("b"), ServiceBench.Down("c"));
        Assert.Equal<string>([""], _bench.Snapshot().PanickedLanes);
        Assert.Equal(InstanceState.Ejected, _bench.View("a").State);
        Assert.True(_bench.View("a").Weight > 0);
    }

    private void Fail(params string[] ids)
    {
        foreach (var id in ids)
        {
            _bench.Report(id, ServiceBench.Load(1) with { ErrorRate = 1 });
        }
    }
}
