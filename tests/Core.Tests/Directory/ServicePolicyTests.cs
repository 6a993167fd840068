using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Scoring;

namespace Fairway.Core.Tests.Directory;

public class ServicePolicyTests
{
    private readonly ServiceBench _bench = new();

    [Fact]
    public void SetPolicy_Manual_WeighsTheNamedOnly()
    {
        _bench.Register("a", "b", "c");
        _bench.Report("a", ServiceBench.Load(2000));
        _bench.Model.SetPolicy(ServiceBench.Policy(ServicePolicy.Manual, ("a", 250), ("b", 0)));

        Assert.Equal(2.5, _bench.View("a").Weight);
        Assert.Equal(0, _bench.View("b").Weight);
        Assert.Equal(0, _bench.View("c").Weight);
        Assert.Equal(ServicePolicy.Manual, _bench.Snapshot().Mode);
    }

    [Fact]
    public void SetPolicy_Hash_SharesFollowTheOperatorNotTheLoad()
    {
        _bench.Register("a", "b");
        _bench.Report("a", ServiceBench.Load(2000));
        _bench.Model.SetPolicy(ServiceBench.Policy(ServicePolicy.Hash, ("b", 50)));

        Assert.Equal(1, _bench.View("a").Weight);
        Assert.Equal(0.5, _bench.View("b").Weight);
    }

    [Fact]
    public void SetPolicy_ScoredWithWeights_Multiplies()
    {
        _bench.Register("a");
        _bench.Register(ServiceBench.Record("b") with { Weight = 300 });
        _bench.Model.SetPolicy(ServiceBench.Policy(ServicePolicy.Scored, ("a", 50), ("b", 50)));

        Assert.Equal(0.5, _bench.View("a").Weight);
        Assert.Equal(1.5, _bench.View("b").Weight);
    }

    [Fact]
    public void SetPolicy_Coefficients_ChangeScoreAndRanking()
    {
        _bench.Register("a", "b");
        _bench.Report("a", ServiceBench.Load(20) with { Cpu = 0.9 });
        _bench.Report("b", ServiceBench.Load(140) with { Cpu = 0.1 });
        Assert.True(_bench.View("a").Score < _bench.View("b").Score);

        _bench.Model.SetPolicy(ServiceBench.Policy(ServicePolicy.Scored) with
        {
            Coefficients = ImmutableSortedDictionary<string, double>.Empty.Add("cpu", 500),
        });
        Assert.True(_bench.View("a").Score > _bench.View("b").Score);
        Assert.Equal(CostModel.Default.Predict(ServiceBench.Load(20) with { Cpu = 0.9 }) + ((500 - CostModel.Default.Cpu) * 0.9), _bench.View("a").Score!.Value, 6);
    }

    [Fact]
    public void SetPolicy_Expires_ActsAsRemovedAtOnce()
    {
        _bench.Register("a");
        _bench.Model.SetPolicy(ServiceBench.Policy(ServicePolicy.Manual) with { ExpiresAt = _bench.Now.Utc.AddSeconds(5) });
        Assert.Equal(0, _bench.View("a").Weight);

        _bench.Advance(5);
        Assert.Null(_bench.Snapshot().Policy);
        Assert.Equal(1, _bench.View("a").Weight);
    }
}
