using System.Collections.Immutable;

namespace Fairway.Core.Releases;

/// <summary>How the instances of a new version come to stand beside those of the old one.</summary>
public enum ReleaseStrategy
{
    /// <summary>As many new instances as old ones, all at once; the old ones go when the new ones have all requests.</summary>
    BlueGreen,

    /// <summary>Half of the old instances are replaced, verified and given all requests; then the rest. Never needs more than there were.</summary>
    Half,
}

/// <summary>What happens when the new version does worse than its bounds.</summary>
public enum BreachAction
{
    Pause,
    Rollback,
}

/// <summary>What a release is to do; immutable once begun.</summary>
public sealed record ReleasePlan
{
    public required string Service { get; init; }

    /// <summary>The version to bring out, as the executor understands it.</summary>
    public required string Version { get; init; }

    /// <summary>The lane in which the new version stands until it is base.</summary>
    public required string Lane { get; init; }

    public ReleaseStrategy Strategy { get; init; }

    /// <summary>Users of 10,000 sent to the new version, step by step; rising, the last one 10,000.</summary>
    public ImmutableArray<int> Ramp { get; init; } = [100, 1000, 5000, 10_000];

    /// <summary>How long each step is watched before the next.</summary>
    public TimeSpan StepTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long new instances may take to be usable before the release pauses.</summary>
    public TimeSpan StartTime { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>The longest wait for the requests of an instance that is taken out, before it is stopped.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the ramp waits for an operator's word after the new instances are up.</summary>
    public bool NeedsVerification { get; init; } = true;

    public ReleaseBounds Bounds { get; init; } = new();

    public BreachAction OnBreach { get; init; }
}

/// <summary>What the new version may at most cost, as the windows show it.</summary>
public sealed record ReleaseBounds
{
    /// <summary>Failed requests of the new version above the old one's share. Default 0.02.</summary>
    public double ErrorRateAbove { get; init; } = 0.02;

    /// <summary>Mean latency of the new version to the old one's. Default 1.5.</summary>
    public double LatencyFactor { get; init; } = 1.5;

    /// <summary>Latency below this many ms is never a breach. Default 20.</summary>
    public double LatencyFloorMs { get; init; } = 20;

    /// <summary>Processor use of each instance that is left to carry everything, at most. Default 0.8.</summary>
    public double MaxCpu { get; init; } = 0.8;

    /// <summary>Requests a second below which the new version is not judged. Default 1.</summary>
    public double MinRps { get; init; } = 1;
}
