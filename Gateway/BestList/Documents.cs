using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json.Serialization;
using Fairway.Core.Directory;

namespace Fairway.Gateway.BestList;

/// <summary>The answer of <c>GET /v1/services</c>.</summary>
public sealed record ServicesDocument(string Version, IReadOnlyList<ServiceLine> Services) : ListDocument;

/// <summary>One service in the list of services.</summary>
public sealed record ServiceLine(string Service, int Instances, int Usable, string Mode, ImmutableArray<string> Lanes);

/// <summary>The answer of <c>GET /v1/services/{service}/best</c>.</summary>
public sealed record BestDocument(
    string Service, string? Lane, string Version, string Mode, bool Panic, DateTimeOffset GeneratedAt, IReadOnlyList<InstanceLine> Instances)
    : ListDocument;

/// <summary>One instance, best first: by weight descending, then by id. Figures never sampled are null.</summary>
public sealed record InstanceLine(
    string Id,
    string Address,
    string Protocol,
    string Zone,
    string? Lane,
    double Weight,
    double? Score,
    double? Cpu,
    double? MemoryGib,
    double? InFlight,
    double? LatencyMs,
    double? Rps,
    double? ErrorRate,
    InstanceState State,
    long? AgeMs)
{
    [Description("What the score is made of; only with `explain=true`.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ExplainDocument? Explain { get; init; }

    public static InstanceLine Of(InstanceView view) => new(
        view.Id, view.Address, view.Protocol, view.Zone, view.Lane.Length == 0 ? null : view.Lane, view.Weight, view.Score, view.Cpu,
        view.MemoryGib, view.InFlight, view.LatencyMs, view.Rps, view.ErrorRate, view.State, view.AgeMs);
}

/// <summary>What an instance's weight is made of. Without samples there are no terms and the target is 1.</summary>
/// <param name="Terms">Their sum is the cost, unless the prediction was raised to its floor of 0.1 ms.</param>
/// <param name="Cost">Predicted latency and penalty for errors, ms.</param>
/// <param name="MedianCost">The cost that has the weight 1, ms.</param>
/// <param name="TargetWeight">Median by cost, clamped; age, smoothing, warm-up and the operator's weight make the weight of it.</param>
public sealed record ExplainDocument(IReadOnlyList<TermLine> Terms, double? Cost, double? MedianCost, double TargetWeight)
{
    public static ExplainDocument Of(ScoreExplanation explanation) => new(
        [.. explanation.Terms.Select(term => new TermLine(term.Name, term.Coefficient, Figure(term.Value), term.Ms))],
        Figure(explanation.Cost), Figure(explanation.MedianCost), explanation.TargetWeight);

    private static double? Figure(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>One term: <c>ms</c> = coefficient x value. A figure that nobody reports is null and adds nothing.</summary>
public sealed record TermLine(string Name, double Coefficient, double? Value, double Ms);

/// <summary>What every list says beside its content; written by <see cref="ListBody"/>.</summary>
public abstract record ListDocument
{
    [Description("Whether the list may lag behind the registry.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Stale { get; init; }

    [Description("For how long, in ms; 0 when not stale.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? StaleMs { get; init; }
}
