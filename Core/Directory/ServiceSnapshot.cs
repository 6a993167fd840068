using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>The state of an instance as routers see it.</summary>
public enum InstanceState
{
    /// <summary>Never probed or sampled; usable.</summary>
    Unknown,
    Ready,

    /// <summary>New, its weight still rising; usable.</summary>
    Warming,
    Draining,
    Ejected,
    Down,
    Offline,
}

/// <summary>One instance in a <see cref="ServiceSnapshot"/>; figures never sampled are null.</summary>
public sealed record InstanceView
{
    public required string Id { get; init; }

    public required string Address { get; init; }

    public required string Protocol { get; init; }

    public required string Zone { get; init; }

    /// <summary>Empty for base.</summary>
    public required string Lane { get; init; }

    public string Version { get; init; } = "";

    /// <summary>Share of requests relative to a usual instance, which has 1.0.</summary>
    public double Weight { get; init; }

    /// <summary>Predicted latency in ms; lower is better.</summary>
    public double? Score { get; init; }

    public double? Cpu { get; init; }

    public double? MemoryGib { get; init; }

    public double? InFlight { get; init; }

    public double? LatencyMs { get; init; }

    public double? Rps { get; init; }

    public double? ErrorRate { get; init; }

    public InstanceState State { get; init; }

    /// <summary>Age of the newest sample in ms as of <see cref="ServiceSnapshot.GeneratedAt"/>; null if never sampled.</summary>
    public long? AgeMs { get; init; }

    /// <summary>The exporter that last sampled this instance is gone: its figures stand until another takes over.</summary>
    public bool IsStale { get; init; }

    /// <summary>Whether a router may send requests here; in panic see <see cref="ServiceSnapshot.MayServe"/>.</summary>
    public bool IsUsable => State is InstanceState.Ready or InstanceState.Warming or InstanceState.Unknown;
}

/// <summary>One service as of one instant: its instances ranked best first (weight descending, then id).</summary>
public sealed record ServiceSnapshot
{
    public required string Service { get; init; }

    /// <summary>Grows by one with each snapshot of one producer; orders what arrives late.</summary>
    public required long Sequence { get; init; }

    /// <summary>
    /// The <see cref="Sequence"/> of the last snapshot that was news: a state, a member, the policy or some weight by enough. One that
    /// only refreshes figures carries its predecessor's, and makes no new version of a list.
    /// </summary>
    public long NewsSequence { get; init; }

    public required DateTimeOffset GeneratedAt { get; init; }

    /// <summary>All instances of all lanes and states.</summary>
    public required ImmutableArray<InstanceView> Instances { get; init; }

    /// <summary>The policy in force; null when none is set, which means <see cref="ServicePolicy.Scored"/>.</summary>
    public ServicePolicy? Policy { get; init; }

    public string Mode => Policy?.Mode ?? ServicePolicy.Scored;

    /// <summary>Lanes (empty: base) in which below half of the instances are usable, so that ejected ones are readmitted.</summary>
    public ImmutableArray<string> PanickedLanes { get; init; } = [];

    /// <summary>Whether a router may send requests to <paramref name="instance"/>: usable, or ejected in a lane that panicked.</summary>
    public bool MayServe(InstanceView instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        return instance.IsUsable || (instance.State is InstanceState.Ejected && PanickedLanes.Contains(instance.Lane));
    }
}
