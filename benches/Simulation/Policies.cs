using Fairway.Core.Balancing;

namespace Fairway.Simulation;

/// <summary>The policies by name.</summary>
internal static class Policies
{
    public static Func<Draws, IBalancer> Of(string name)
    {
        var parts = name.Split(':');
        return parts[0] switch
        {
            "rr" => draws => new RoundRobin(draws),
            "wrr" => draws => new WeightedRoundRobin(draws),
            "p2c" => draws => new LeastOfTwo(draws),
            "ewma" => draws => new PeakEwma(draws),
            "best" => draws => new BestOfList(draws),
            "random" => draws => new WeightedRandom(draws),
            "prequal" => draws => new Prequal(draws),
            "hash" => _ => new RingHash(),
            "scored" => draws => new Scored(draws),
            _ => throw new ArgumentException($"'{name}' is no policy"),
        };
    }
}
