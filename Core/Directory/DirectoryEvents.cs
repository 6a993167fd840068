using System.Collections.Immutable;
using Fairway.Core.Time;

namespace Fairway.Core.Directory;

/// <summary>What the registry's watcher tells <see cref="DirectoryReducer"/>.</summary>
public abstract record DirectoryEvent(Moment Now);

/// <summary>A whole listing at one revision: the first, one after compaction, or one of a restored cluster.</summary>
/// <param name="ClusterId">Another one than before means another cluster, hence a new epoch.</param>
public sealed record Listed(long Revision, ulong ClusterId, IReadOnlyCollection<RegistryFact> Facts, Moment Now) : DirectoryEvent(Now)
{
    /// <summary>The reader knows that this is not the history read before, though cluster and revision do not show it.</summary>
    public bool Restored { get; init; }

    /// <summary>Keys that are there, but whose values cannot be read: what is known of them stands.</summary>
    public IReadOnlyCollection<FactKey> Unreadable { get; init; } = [];
}

/// <summary>Watched changes up to a revision; none is progress, which proves liveness only.</summary>
public sealed record Changed(long Revision, IReadOnlyCollection<FactChange> Changes, Moment Now) : DirectoryEvent(Now)
{
    /// <summary>Keys put with values that cannot be read: what is known of them stands.</summary>
    public IReadOnlyCollection<FactKey> Unreadable { get; init; } = [];
}

/// <summary>A listing failed or the watch broke: the last good state stands, marked stale.</summary>
public sealed record Lost(Moment Now) : DirectoryEvent(Now);

/// <summary>Time passed: what expired leaves. At least twice a second, so that a lane is gone within 1 s.</summary>
public sealed record Tick(Moment Now) : DirectoryEvent(Now);

/// <summary>What <see cref="DirectoryReducer"/> wants told to the rest, in this order.</summary>
public abstract record DirectoryEffect;

/// <summary>The registry is another one or was set back: every version issued so far belongs to the past.</summary>
public sealed record EpochChanged : DirectoryEffect;

/// <summary>Whether the directory's view is stale changed.</summary>
/// <param name="Since">When it became stale; null when it is current again.</param>
public sealed record StaleChanged(DateTimeOffset? Since) : DirectoryEffect
{
    public bool Stale => Since is not null;
}

/// <summary>Registrations or the policy of a service changed. Apply <paramref name="Removed"/> before <paramref name="Upserted"/>: an id in both registered anew.</summary>
/// <param name="PolicyChanged">Whether <paramref name="Policy"/> says something; null then means there is none in force any more.</param>
public sealed record ServiceChanged(
    string Service, ImmutableArray<string> Removed, ImmutableArray<InstanceRecord> Upserted, bool PolicyChanged, ServicePolicy? Policy)
    : DirectoryEffect;

/// <summary>An exporter put a batch.</summary>
public sealed record StatusArrived(string Service, string Exporter, string Chunk, StatusBatch Batch) : DirectoryEffect;

/// <summary>An exporter's batch is gone with its lease: what it last said stands until another says otherwise.</summary>
public sealed record StatusDropped(string Service, string Exporter, string Chunk) : DirectoryEffect;

/// <summary>A lane was removed or expired, and its declarations with it. Their keys may be deleted from the registry, guarded by their revisions: somebody may be making the lane anew.</summary>
public sealed record LaneEnded(string Lane) : DirectoryEffect;

/// <summary>Some table other than services changed.</summary>
public sealed record TablesChanged(DirectoryTables Tables) : DirectoryEffect;
