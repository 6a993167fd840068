using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Scoring;

namespace Fairway.Core.Tests.Directory;

public class ScoreExplainerTests
{
    private readonly ServiceBench _bench = new();

    [Fact]
    public void Explain_PublishedSnapshot_AddsUpToItsScoresAndWeights()
    {
        _bench.Register("a", "b", "c");
        _bench.Report("a", new LoadSample(0.2, 0.5, 2, 20, 100, 0));
        _bench.Report("b", new LoadSample(0.9, 1.5, 12, 80, 100, 0.1));
        _bench.Report("c", new LoadSample(0.4, double.NaN, 3, 30, 100, 0));

        var snapshot = _bench.Snapshot();
        var explained = ScoreExplainer.Explain(snapshot, "");

        foreach (var view in snapshot.Instances)
        {
            var (terms, cost, median, target) = explained[view.Id];
            Assert.Equal(view.Score!.Value, terms.Where(term => term.Name != "errorPenalty").Sum(term => term.Ms), 9);
            Assert.Equal(cost, terms.Sum(term => term.Ms), 9);
            Assert.Equal(Math.Clamp(median / cost, 0.1, 4), target, 9);
            Assert.Equal(view.Weight, target, 9); // warm, fresh and not yet smoothed
        }

        Assert.Equal(0.5, explained["c"].Terms.Single(term => term.Name == "memoryGib").Value); // its peers' median
        Assert.True(explained["b"].Terms.Single(term => term.Name == "errorPenalty").Ms >= 100);
    }

    [Fact]
    public void Explain_PolicyCoefficients_AreUsed()
    {
        _bench.Register("a");
        _bench.Report("a", ServiceBench.Load(20));
        _bench.Model.SetPolicy(ServiceBench.Policy(ServicePolicy.Scored) with
        {
            Coefficients = ImmutableSortedDictionary<string, double>.Empty.Add("cpu", 77),
        });

        var term = ScoreExplainer.Explain(_bench.Snapshot(), "")["a"].Terms.Single(term => term.Name == "cpu");

        Assert.Equal(77, term.Coefficient);
        Assert.Equal(77 * 0.2, term.Ms, 9);
    }

    [Fact]
    public void Explain_NeverSampledOrOtherLane_HasNoTerms()
    {
        _bench.Register("a");
        _bench.Register(ServiceBench.Record("l") with { Lane = "blue" });

        var explained = ScoreExplainer.Explain(_bench.Snapshot(), "");

        Assert.Equal(["a"], explained.Keys);
        Assert.Empty(explained["a"].Terms);
        Assert.Equal((double.NaN, double.NaN, 1), (explained["a"].Cost, explained["a"].MedianCost, explained["a"].TargetWeight));
    }
}
