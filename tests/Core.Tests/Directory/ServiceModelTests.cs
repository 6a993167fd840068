using Fairway.Core.Directory;

namespace Fairway.Core.Tests.Directory;

public class ServiceModelTests
{
    private readonly ServiceBench _bench = new();

    [Fact]
    public void Snapshot_Empty_HasNothingAndNoPanic()
    {
        var snapshot = _bench.Snapshot();

        Assert.Empty(snapshot.Instances);
        Assert.Empty(snapshot.PanickedLanes);
        Assert.Equal(ServicePolicy.Scored, snapshot.Mode);
        Assert.True(_bench.Model.IsEmpty);
    }

    [Fact]
    public void Snapshot_NeverSampled_HasNullFiguresAndWeightOne()
    {
        _bench.Register("a");
        var view = _bench.Snapshot().Instances.Single();

        Assert.Equal(InstanceState.Unknown, view.State);
        Assert.Equal(1, view.Weight);
        Assert.Null(view.Score);
        Assert.Null(view.Cpu);
        Assert.Null(view.LatencyMs);
        Assert.Null(view.AgeMs);
    }

    [Fact]
    public void Snapshot_Sampled_ShowsTheWindowsMeans()
    {
        _bench.Register("a");
        _bench.Report("a", ServiceBench.Load(latencyMs: 10));
        _bench.Report("a", ServiceBench.Load(latencyMs: 30) with { Rps = double.NaN });
        _bench.Advance(0.4);

        var view = _bench.Snapshot().Instances.Single();

        Assert.Equal(InstanceState.Ready, view.State);
        Assert.Equal(20, view.LatencyMs!.Value, 9);
        Assert.Equal(100, view.Rps);
        Assert.Equal(400, view.AgeMs);
    }

    [Fact]
    public void Snapshot_UnlikeInstances_AreRankedByWeightThenId()
    {
        _bench.Register("d", "c", "b", "a");
        _bench.Report("a", ServiceBench.Load(latencyMs: 200));
        _bench.Report("b", ServiceBench.Load(latencyMs: 20));
        _bench.Report("c", ServiceBench.Load(latencyMs: 20));
        _bench.Report("d", ServiceBench.Load(latencyMs: 5));

        var ids = _bench.Snapshot().Instances.Select(view => view.Id);

        Assert.Equal(["d", "b", "c", "a"], ids);
    }

    [Fact]
    public void Snapshot_LoadChanges_WeightFollowsSmoothly()
    {
        _bench.Register("a", "b", "c");
        _bench.ReportAll(ServiceBench.Load(latencyMs: 20));
        Assert.Equal(1, _bench.View("a").Weight, 9);

        var last = 1.0;
        for (var i = 0; i < 40; i++)
        {
            _bench.Advance(0.25);
            _bench.ReportAll(ServiceBench.Load(latencyMs: 20));
            _bench.Report("a", ServiceBench.Load(latencyMs: 2000));
            var weight = _bench.View("a").Weight;
            Assert.InRange(weight, last - 0.15, last);
            last = weight;
        }

        Assert.InRange(last, 0.1, 0.12);
    }

    [Fact]
    public void Snapshot_TwiceAtOneInstant_IsTheSameButForTheSequence()
    {
        _bench.Register("a", "b");
        _bench.Report("a", ServiceBench.Load(latencyMs: 20));
        _bench.Report("b", ServiceBench.Load(latencyMs: 90));
        _bench.Snapshot();
        _bench.Advance(1);
        var first = _bench.Snapshot();
        var second = _bench.Snapshot();

        Assert.Equal<InstanceView>(first.Instances, second.Instances);
        Assert.Equal(first.Sequence + 1, second.Sequence);
    }

    [Fact]
    public void Snapshot_WindowRunsEmpty_FiguresStandAndWeightDecaysToOne()
    {
        _bench.Register("a", "b", "c");
        _bench.ReportAll(ServiceBench.Load(latencyMs: 20));
        _bench.Report("a", ServiceBench.Load(latencyMs: 2000));
        Assert.True(_bench.View("a").Weight < 0.2);

        _bench.Advance(6);
        var silent = _bench.View("a");
        Assert.Equal(1010, silent.LatencyMs!.Value, 9);
        Assert.Equal(6000, silent.AgeMs);

        for (var i = 0; i < 120; i++)
        {
            _bench.Advance(1);
            _bench.Snapshot();
        }

        Assert.Equal(1, _bench.View("a").Weight, 3);
        Assert.Equal(InstanceState.Ready, _bench.View("a").State);
    }

    [Fact]
    public void Apply_SampledAgain_CountsTheLastFiguresOnceMore()
    {
        _bench.Register("a");
        _bench.Report("a", ServiceBench.Load(latencyMs: 20));
        for (var i = 0; i < 10; i++)
        {
            _bench.Advance(1);
            _bench.Say("ex", new InstanceStatus { Id = "a", SampledAgain = true, ReportInterval = TimeSpan.FromSeconds(1) });
        }

        var view = _bench.View("a");
        Assert.Equal(0, view.AgeMs);
        Assert.Equal(20, view.LatencyMs!.Value, 9);
    }

    [Fact]
    public void Apply_SampleTakenEarlier_HasThatAge()
    {
        _bench.Register("a");
        _bench.Say("ex", new InstanceStatus { Id = "a", Sample = ServiceBench.Load(20), SampleAge = TimeSpan.FromMilliseconds(700) });
        Assert.Equal(700, _bench.View("a").AgeMs);
    }

    [Fact]
    public void Upsert_OtherAddressOrStart_IsANewProcess()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        _bench.Register(ServiceBench.Record("a"));
        _bench.Register(ServiceBench.Record("b") with { StartedAt = start });
        _bench.ReportAll(ServiceBench.Load(20));
        _bench.Advance(31);

        _bench.Register(ServiceBench.Record("b") with { StartedAt = start.AddSeconds(1) });
        Assert.Equal(InstanceState.Warming, _bench.View("b").State);
        Assert.Null(_bench.View("b").AgeMs);

        _bench.Register(ServiceBench.Record("a") with { Address = "10.9.9.9:80" });
        Assert.Null(_bench.View("a").AgeMs);
    }

    [Fact]
    public void Upsert_Draining_IsNotUsable()
    {
        _bench.Register(ServiceBench.Record("a") with { Draining = true });
        Assert.Equal((InstanceState.Draining, 0.0), (_bench.View("a").State, _bench.View("a").Weight));
    }

    [Fact]
    public void SetInstances_OtherSet_KeepsTheKnownAndDropsTheRest()
    {
        _bench.Register("a", "b");
        _bench.ReportAll(ServiceBench.Load(20));
        _bench.Model.SetInstances([ServiceBench.Record("b"), ServiceBench.Record("c")], _bench.Now);

        Assert.Equal(["b", "c"], _bench.Snapshot().Instances.Select(view => view.Id).Order());
        Assert.NotNull(_bench.View("b").AgeMs);
    }

    [Theory]
    [InlineData(true, true, true, true, InstanceState.Offline)]
    [InlineData(false, true, true, true, InstanceState.Down)]
    [InlineData(false, false, true, true, InstanceState.Draining)]
    [InlineData(false, false, false, true, InstanceState.Ejected)]
    [InlineData(false, false, false, false, InstanceState.Warming)]
    public void Snapshot_SeveralReasons_TheGravestIsTheState(bool offline, bool down, bool draining, bool failing, InstanceState state)
    {
        _bench.Register("a", "b", "c");
        _bench.Advance(31);
        _bench.Register(ServiceBench.Record("x") with { Draining = draining });
        if (failing)
        {
            _bench.Report("x", ServiceBench.Load(20) with { ErrorRate = 1 });
        }

        if (down)
        {
            _bench.Say("ex2", ServiceBench.Down("x"));
        }

        if (offline)
        {
            _bench.Model.SetOffline([new OfflineMark(ServiceBench.Record("x").Address, "op", "test", null)]);
        }

        Assert.Equal(state, _bench.View("x").State);
    }

    [Fact]
    public void SetOffline_Expires_ActsAsRemovedAtOnce()
    {
        _bench.Register("a");
        _bench.Model.SetOffline([new OfflineMark(ServiceBench.Record("a").Address, "op", "test", _bench.Now.Utc.AddSeconds(5))]);
        Assert.Equal((InstanceState.Offline, 0.0), (_bench.View("a").State, _bench.View("a").Weight));

        _bench.Advance(5);
        Assert.Equal((InstanceState.Unknown, 1.0), (_bench.View("a").State, _bench.View("a").Weight));
    }

    [Fact]
    public void Snapshot_Lanes_AreScoredApart()
    {
        _bench.Register("a", "b");
        _bench.Register(ServiceBench.Record("x") with { Lane = "blue" });
        _bench.ReportAll(ServiceBench.Load(20));
        _bench.Report("x", ServiceBench.Load(5000));

        Assert.Equal(1, _bench.View("x").Weight, 9);
    }

    [Fact]
    public void Snapshot_ThirtyThousandInstances_IsNoQuadraticPass()
    {
        var random = new Random(1);
        var ids = Enumerable.Range(0, 30_000).Select(i => $"i{i}").ToArray();
        _bench.Register(ids);
        _bench.Say("ex", [.. ids.Select(id => new InstanceStatus
        {
            Id = id, Life = Life.Up, Sample = ServiceBench.Load(random.Next(1, 500)), ReportInterval = TimeSpan.FromSeconds(1),
        })]);

        var best = Enumerable.Range(0, 5).Min(_ =>
        {
            var started = TimeProvider.System.GetTimestamp();
            Assert.Equal(ids.Length, _bench.Snapshot().Instances.Length);
            return TimeProvider.System.GetElapsedTime(started);
        });

        Assert.InRange(best, TimeSpan.Zero, TimeSpan.FromSeconds(3)); // 0.1 s on an idle core; 10^9 steps take longer
    }
}
