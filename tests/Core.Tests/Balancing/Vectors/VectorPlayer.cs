using Fairway.Core.Balancing;
using Fairway.Core.Directory;

namespace Fairway.Core.Tests.Balancing.Vectors;

/// <summary>Sets a caller up as a case says and does its steps.</summary>
internal sealed class VectorPlayer
{
    private readonly Dictionary<string, Endpoint> _endpoints;
    private readonly Caller _caller;

    public VectorPlayer(string policy, VectorCase vector, Draws draws)
    {
        _caller = new Caller(Policy(policy, vector, draws), new CallerOptions { Zone = vector.Zone ?? "", Ejection = null, Retries = null });
        var views = vector.Instances.Select(View).Where(view => view.IsUsable || (vector.Panic == true && view.State is InstanceState.Ejected)).ToArray();
        _caller.Update(views, TimeSpan.Zero);
        _endpoints = _caller.List.Endpoints.ToArray().ToDictionary(endpoint => endpoint.Id);
        foreach (var instance in vector.Instances.Where(instance => _endpoints.ContainsKey(instance.Id)))
        {
            var endpoint = _endpoints[instance.Id];
            endpoint.PeakMs = instance.PeakMs ?? double.NaN;
            endpoint.OutUntil = instance.Out == true ? TimeSpan.MaxValue : TimeSpan.MinValue;
            for (var i = 0; i < (instance.Own ?? 0); i++)
            {
                _caller.Begin(endpoint);
            }
        }
    }

    public IReadOnlyCollection<string> Ids => _endpoints.Keys;

    /// <summary>Does one step; whom a pick chose.</summary>
    public string? Do(VectorStep step)
    {
        var now = TimeSpan.FromMilliseconds(step.At);
        switch (step.Do)
        {
            case "report":
                _caller.Report(_endpoints[step.Id!], new LoadReport(step.InFlight!.Value, step.LatencyMs ?? double.NaN), now);
                return null;
            case "end":
                _caller.End(_endpoints[step.Id!], new Outcome(step.LatencyMs!.Value, Failed: false), now);
                return null;
            default:
                var tried = (step.Tried ?? []).Select(id => _endpoints[id]).ToArray();
                return _caller.Begin(now, step.Key is { } key ? HashRing.Position(key) : 0, tried, again: tried.Length > 0)?.Id;
        }
    }

    private static IBalancer Policy(string name, VectorCase vector, Draws draws) => name switch
    {
        "scored" => new Scored(draws),
        "manual" => new WeightedRandom(draws),
        "hash" => new RingHash(vector.BoundFactor ?? 1.25),
        "round-robin" => new RoundRobin(draws),
        "weighted-round-robin" => new WeightedRoundRobin(draws),
        "least-of-two" => new LeastOfTwo(draws),
        "peak-ewma" => new PeakEwma(draws),
        "best-of-list" => new BestOfList(draws),
        "prequal" => new Prequal(draws),
        _ => throw new ArgumentException($"'{name}' is no policy"),
    };

    private static InstanceView View(VectorInstance instance) => new()
    {
        Id = instance.Id,
        Address = instance.Id + ":80",
        Protocol = "http",
        Zone = instance.Zone ?? "",
        Lane = "",
        Weight = instance.Weight,
        InFlight = instance.Reported,
        LatencyMs = instance.TypicalMs,
        Rps = instance.Rps,
        Cpu = instance.Cpu,
        ErrorRate = instance.ErrorRate,
        AgeMs = 0,
        State = Enum.Parse<InstanceState>(instance.State ?? "ready", ignoreCase: true),
    };
}
