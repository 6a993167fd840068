using Fairway.Core.Directory;

namespace Fairway.Core.Tests.Directory;

public class WarmUpTests
{
    private readonly ServiceBench _bench = new();

    [Fact]
    public void Snapshot_NewcomerAmongGrownOnes_StartsAtTenthAndRises()
    {
        _bench.Register("a", "b");
        _bench.ReportAll(ServiceBench.Load(20));
        Assert.All(_bench.Snapshot().Instances, view => Assert.Equal((InstanceState.Ready, 1.0), (view.State, view.Weight)));

        _bench.Advance(31);
        _bench.Register("c");
        _bench.ReportAll(ServiceBench.Load(20));
        _bench.Report("c", ServiceBench.Load(20));
        Assert.Equal((InstanceState.Warming, 0.1), (_bench.View("c").State, _bench.View("c").Weight));

        _bench.Advance(15);
        _bench.ReportAll(ServiceBench.Load(20));
        Assert.Equal(InstanceState.Warming, _bench.View("c").State);
        Assert.Equal(0.55, _bench.View("c").Weight, 6);

        _bench.Advance(15);
        _bench.ReportAll(ServiceBench.Load(20));
        Assert.Equal(InstanceState.Ready, _bench.View("c").State);
        Assert.Equal(1, _bench.View("c").Weight, 6);
    }

    [Fact]
    public void Snapshot_NewcomersAmongNew_NoneWarmsUpThenOrLater()
    {
        _bench.Register("a");
        _bench.Snapshot();
        _bench.Advance(20);
        _bench.Register("b");
        Assert.Equal((InstanceState.Unknown, 1.0), (_bench.View("b").State, _bench.View("b").Weight));

        _bench.Advance(11); // a is grown now, but b was spared
        Assert.Equal((InstanceState.Unknown, 1.0), (_bench.View("b").State, _bench.View("b").Weight));
    }

    [Fact]
    public void Snapshot_GrownOnesLeave_NewcomerWeighsOne()
    {
        _bench.Register("a");
        _bench.Advance(31);
        _bench.Register("b");
        Assert.Equal(0.1, _bench.View("b").Weight);

        _bench.Model.RemoveInstance("a");
        Assert.Equal((InstanceState.Unknown, 1.0), (_bench.View("b").State, _bench.View("b").Weight));
    }

    [Fact]
    public void Snapshot_ProbeNone_Never()
    {
        _bench.Register("a");
        _bench.Advance(31);
        _bench.Register(ServiceBench.Record("b") with { Probe = Probes.None });
        Assert.Equal((InstanceState.Ready, 1.0), (_bench.View("b").State, _bench.View("b").Weight));
    }

    [Fact]
    public void Snapshot_RecordRenewed_KeepsFirstSight()
    {
        _bench.Register("a", "b");
        _bench.Advance(31);
        _bench.Register(ServiceBench.Record("b") with { Weight = 50 });
        Assert.Equal((InstanceState.Unknown, 0.5), (_bench.View("b").State, _bench.View("b").Weight));
    }
}
