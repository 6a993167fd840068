using System.Collections.Immutable;

namespace Fairway.Core.Releases;

/// <summary>Where a release stands.</summary>
public enum ReleasePhase
{
    /// <summary>Half of the old instances are leaving (<see cref="ReleaseStrategy.Half"/> alone).</summary>
    Emptying,

    /// <summary>New instances are coming up, without requests.</summary>
    Starting,

    /// <summary>They are up and wait for an operator's word.</summary>
    Verifying,

    /// <summary>Users are sent to them step by step.</summary>
    Ramping,

    /// <summary>New instances become base.</summary>
    Promoting,

    /// <summary>The rest of the old instances is being replaced (<see cref="ReleaseStrategy.Half"/> alone).</summary>
    Replacing,

    /// <summary>Old instances are leaving.</summary>
    Freeing,
    Done,

    /// <summary>Everybody is back on the old version; what was changed is being put back.</summary>
    RollingBack,
    RolledBack,
}

/// <summary>A release as it stands; immutable, kept in the registry.</summary>
public sealed record ReleaseState
{
    public required ReleasePlan Plan { get; init; }

    public required ReleasePhase Phase { get; init; }

    /// <summary>The old instances, as they were at the start.</summary>
    public required ImmutableArray<ReleaseTarget> Old { get; init; }

    /// <summary>Of <see cref="Old"/>, those that leave first; all of them where the strategy has no halves.</summary>
    public required ImmutableArray<ReleaseTarget> Leaving { get; init; }

    /// <summary>Whether the release stands still until it is told to go on; requests go where they went.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Why it is paused or rolled back.</summary>
    public string? Reason { get; init; }

    /// <summary>The step of the ramp it is at; -1 before the first.</summary>
    public int Step { get; init; } = -1;

    /// <summary>When the phase, the step or the last going on began.</summary>
    public required DateTimeOffset Since { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How many new instances the executor was asked for with success; -1 for never.</summary>
    public int LaneScale { get; init; } = -1;

    /// <summary>How many old ones it was asked to leave with success; -1 for never.</summary>
    public int BaseScale { get; init; } = -1;

    public bool IsOver => Phase is ReleasePhase.Done or ReleasePhase.RolledBack;

    /// <summary>Users of 10,000 on the new version.</summary>
    public int Ratio => Phase switch
    {
        ReleasePhase.Ramping when Step >= 0 => Plan.Ramp[Math.Min(Step, Plan.Ramp.Length - 1)],
        ReleasePhase.Replacing or ReleasePhase.Promoting or ReleasePhase.Freeing or ReleasePhase.Done => 10_000,
        _ => 0,
    };
}

/// <param name="Address"><c>ip:port</c>.</param>
public sealed record ReleaseTarget(string Id, string Address);
