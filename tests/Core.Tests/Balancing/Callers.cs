using Fairway.Core.Balancing;
using Fairway.Core.Directory;

namespace Fairway.Core.Tests.Balancing;

/// <summary>Shorthand for lists and callers.</summary>
internal static class Callers
{
    public static InstanceView View(string id, double weight = 1, string zone = "", double? inFlight = null, double? latencyMs = null, double? rps = null) => new()
    {
        Id = id, Address = $"{id}:80", Protocol = "http", Zone = zone, Lane = "", Weight = weight, InFlight = inFlight, LatencyMs = latencyMs, Rps = rps, AgeMs = 0,
    };

    public static InstanceView[] Views(int count) => [.. Enumerable.Range(0, count).Select(i => View($"orders-{i}"))];

    public static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    /// <summary>How often each id is picked, each request ending before the next begins.</summary>
    public static Dictionary<string, int> Count(Caller caller, int picks, double seconds = 0)
    {
        var counts = new Dictionary<string, int>();
        for (var i = 0; i < picks; i++)
        {
            var endpoint = caller.Begin(At(seconds), (uint)i * 2654435761)!;
            counts[endpoint.Id] = counts.GetValueOrDefault(endpoint.Id) + 1;
            caller.End(endpoint, new Outcome(10, Failed: false), At(seconds));
        }

        return counts;
    }

    public static void Fail(Caller caller, Endpoint endpoint, double seconds, bool unreachable = false)
    {
        caller.Begin(endpoint);
        caller.End(endpoint, new Outcome(10, Failed: true) { IsUnreachable = unreachable }, At(seconds));
    }
}

/// <summary>Draws of a seed.</summary>
internal sealed class SeededDraws(int seed) : Draws
{
    private readonly Random _random = new(seed);

    public override double Next() => _random.NextDouble();
}
