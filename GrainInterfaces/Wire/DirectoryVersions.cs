using System.Collections.Immutable;

namespace Fairway.GrainInterfaces.Wire;

/// <summary>Whether the directory may be trusted.</summary>
[GenerateSerializer, Immutable, Alias("fairway.DirectoryState")]
public sealed record DirectoryStateWire
{
    /// <summary>New at each start of the watcher and when the registry's revision goes back. Has no order and no hyphen.</summary>
    [Id(0)] public required string Epoch { get; init; }

    /// <summary>Whether the registry was listed at least once in this epoch; false means nothing is known yet.</summary>
    [Id(1)] public required bool ReadyOnce { get; init; }

    /// <summary>For how long the registry has been away as of this message; null while it answers.</summary>
    [Id(2)] public TimeSpan? StaleFor { get; init; }

    public bool Stale => StaleFor is not null;
}

/// <summary>What is in force, so that a Gateway that missed a push knows what to pull.</summary>
[GenerateSerializer, Immutable, Alias("fairway.DirectoryVersions")]
public sealed record DirectoryVersions
{
    [Id(0)] public required DirectoryStateWire State { get; init; }

    [Id(1)] public required long TablesVersion { get; init; }

    /// <summary>All services there are, by name.</summary>
    [Id(2)] public required ImmutableArray<ServiceVersion> Services { get; init; }
}

/// <summary>The latest known snapshot of one service; 0 when none was published yet.</summary>
[GenerateSerializer, Immutable, Alias("fairway.ServiceVersion")]
public sealed record ServiceVersion(
    [property: Id(0)] string Service,
    [property: Id(1)] long Sequence);

/// <summary>Where the watch stands.</summary>
/// <param name="Revision">The registry revision that everything is applied up to.</param>
[GenerateSerializer, Immutable, Alias("fairway.CaughtUp")]
public sealed record CaughtUp(
    [property: Id(0)] string Epoch,
    [property: Id(1)] long Revision,
    [property: Id(2)] long TablesVersion);
