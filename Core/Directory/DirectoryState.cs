using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>Name of one batch of a service's status: who put it and which chunk it is.</summary>
public readonly record struct StatusSource(string Exporter, string Chunk);

/// <summary>What the registry says of one service; immutable.</summary>
public sealed record ServiceFacts
{
    public static readonly ServiceFacts Empty = new();

    public ImmutableDictionary<string, InstanceRecord> Instances { get; init; } =
        ImmutableDictionary.Create<string, InstanceRecord>(StringComparer.Ordinal);

    public ImmutableDictionary<StatusSource, StatusBatch> Statuses { get; init; } = ImmutableDictionary<StatusSource, StatusBatch>.Empty;

    /// <summary>The policy in force: null when none is set or it expired.</summary>
    public ServicePolicy? Policy { get; init; }

    public bool IsEmpty => Instances.IsEmpty && Statuses.IsEmpty && Policy is null;
}

/// <summary>The directory as of one revision; immutable. Changed only by <see cref="DirectoryReducer"/>.</summary>
public sealed record DirectoryState
{
    public static readonly DirectoryState Initial = new();

    /// <summary>A first listing was read.</summary>
    public bool IsReady { get; init; }

    /// <summary>Revision of the last listing or event; the watch resumes from the next.</summary>
    public long Revision { get; init; }

    public ulong ClusterId { get; init; }

    /// <summary>Since when the view is stale; null when it is current.</summary>
    public DateTimeOffset? StaleSince { get; init; }

    /// <summary>All services of which anything is known, by name. What a newly woken service is seeded with.</summary>
    public ImmutableDictionary<string, ServiceFacts> Services { get; init; } =
        ImmutableDictionary.Create<string, ServiceFacts>(StringComparer.Ordinal);

    public DirectoryTables Tables { get; init; } = DirectoryTables.Empty;

    /// <summary>The registry's facts by key, expired ones included.</summary>
    internal ImmutableDictionary<FactKey, RegistryFact> Facts { get; init; } = ImmutableDictionary<FactKey, RegistryFact>.Empty;

    /// <summary>Instances that a re-listing lost, and until when (monotonic) they are held.</summary>
    internal ImmutableDictionary<FactKey, TimeSpan> Held { get; init; } = ImmutableDictionary<FactKey, TimeSpan>.Empty;

    /// <summary>When the next lane, offline mark or policy expires.</summary>
    internal DateTimeOffset? NextExpiry { get; init; }

    /// <summary>How many instances a re-listing lost that are still held.</summary>
    public int HeldCount => Held.Count;
}
