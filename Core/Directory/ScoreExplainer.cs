using System.Collections.Immutable;
using Fairway.Core.Scoring;

namespace Fairway.Core.Directory;

/// <summary>What one instance's weight is made of.</summary>
/// <param name="Terms">None where it was never sampled.</param>
/// <param name="Cost">Predicted latency and penalty in ms; NaN where it was never sampled.</param>
/// <param name="MedianCost">The cost that has the weight 1; NaN where nobody was sampled.</param>
/// <param name="TargetWeight">Before age, smoothing, warm-up and the operator's weight.</param>
public sealed record ScoreExplanation(ImmutableArray<CostTerm> Terms, double Cost, double MedianCost, double TargetWeight);

/// <summary>Tells from a snapshot's figures which term cost what, by the rules that made its weights.</summary>
public static class ScoreExplainer
{
    /// <summary>The explanations of all instances of a lane, by id. In <c>manual</c> and <c>hash</c> mode they tell what the score would do.</summary>
    /// <param name="service">As published.</param>
    /// <param name="lane">Empty for base.</param>
    /// <param name="options">Null takes the defaults.</param>
    public static IReadOnlyDictionary<string, ScoreExplanation> Explain(ServiceSnapshot service, string lane, ServiceModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(service);
        options ??= ServiceModelOptions.Default;
        var model = service.Policy is { } policy ? options.Cost.With(policy.Coefficients) : options.Cost;
        var scorer = new LaneScorer(model, options.Weights);
        var views = service.Instances.Where(view => view.Lane == lane).ToArray();
        var settled = views.Any(view => ServiceRanking.IsSettled(view.State));
        var contenders = Array.ConvertAll(views, view => new Contender
        {
            Means = new LoadSample(
                view.Cpu ?? double.NaN, view.MemoryGib ?? double.NaN, view.InFlight ?? double.NaN,
                view.LatencyMs ?? double.NaN, view.Rps ?? double.NaN, view.ErrorRate ?? double.NaN),
            IsSampled = view.Score is not null,
            IsPeer = ServiceRanking.IsPeer(view.State, settled),
        });
        scorer.Score(contenders);
        var explanations = new Dictionary<string, ScoreExplanation>(StringComparer.Ordinal);
        for (var i = 0; i < views.Length; i++)
        {
            explanations[views[i].Id] = new ScoreExplanation(
                scorer.Explain(contenders[i]), contenders[i].IsSampled ? scorer.Cost(contenders[i]) : double.NaN, scorer.MedianCost, contenders[i].Weight);
        }

        return explanations;
    }
}
