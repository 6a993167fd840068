using Fairway.Core.Balancing;

namespace Fairway.Simulation;

/// <summary>The policies by name, Fairway's own first.</summary>
internal static class Policies
{
    public const string Own = "scored";
    public const string Prequal = "prequal";
    public const string Weighted = "weighted-round-robin";
    public const string Plain = "round-robin";
    public const string Naive = "best-of-list";

    public static readonly string[] All = [Own, Prequal, Weighted, Plain, "least-of-two", "peak-ewma", "weighted-random", "ring-hash", Naive];

    public static Func<Draws, IBalancer> Of(string name) => name switch
    {
        Own => draws => new Scored(draws),
        Prequal => draws => new Prequal(draws),
        Weighted => draws => new WeightedRoundRobin(draws),
        Plain => draws => new RoundRobin(draws),
        "least-of-two" => draws => new LeastOfTwo(draws),
        "peak-ewma" => draws => new PeakEwma(draws),
        "weighted-random" => draws => new WeightedRandom(draws),
        "ring-hash" => _ => new RingHash(),
        Naive => draws => new BestOfList(draws),
        _ => throw new ArgumentException($"'{name}' is no policy; there are {string.Join(", ", All)}"),
    };
}
