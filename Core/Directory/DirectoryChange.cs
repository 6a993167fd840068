using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>What one push or pull brought; applied to a <see cref="DirectorySnapshot"/> as one step.</summary>
/// <param name="At">When it arrived, by the clock of the process that keeps the snapshot.</param>
public sealed record DirectoryChange(DateTimeOffset At)
{
    /// <summary>New states of services; one without instances and policy leaves unless a lane declares it.</summary>
    public ImmutableArray<ServiceSnapshot> Services { get; init; } = [];

    /// <summary>Names of services that are gone.</summary>
    public ImmutableArray<string> Removed { get; init; } = [];

    /// <summary>All tables anew; null leaves them as they are.</summary>
    public DirectoryTables? Tables { get; init; }

    /// <summary>Whether what is shown may lag behind the registry; null leaves the mark as it is.</summary>
    public bool? Stale { get; init; }

    /// <summary>The first listing is in.</summary>
    public bool Ready { get; init; }
}
