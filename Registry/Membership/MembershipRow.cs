using System.Collections.Immutable;

namespace Fairway.Registry.Membership;

/// <summary>One silo of an actor cluster, as every other silo sees it. Names of states are the engine's own.</summary>
public sealed record MembershipRow
{
    /// <summary>The silo's identity, <c>ip:port@generation</c>: a silo that starts again is another one.</summary>
    public required string Silo { get; init; }

    /// <summary>The engine's word for the silo's state: <c>Joining</c>, <c>Active</c>, <c>Dead</c>, ...</summary>
    public required string Status { get; init; }

    /// <summary>The port that clients of the cluster connect to; 0 where the silo takes none.</summary>
    public int ProxyPort { get; init; }

    public string? HostName { get; init; }

    public string? SiloName { get; init; }

    public string? RoleName { get; init; }

    public int UpdateZone { get; init; }

    public int FaultZone { get; init; }

    /// <summary>By the silo's own clock, UTC.</summary>
    public DateTime StartTime { get; init; }

    /// <summary>When the silo last said that it lives, by its own clock, UTC.</summary>
    public DateTime AliveTime { get; init; }

    /// <summary>Who holds the silo for dead.</summary>
    public ImmutableArray<Suspicion> Suspicions { get; init; } = [];
}

/// <param name="At">By the suspecting silo's clock, UTC.</param>
public readonly record struct Suspicion(string Silo, DateTime At);

/// <summary>A row and the tag that an update of it must bring.</summary>
public sealed record TaggedRow(MembershipRow Row, string Tag);

/// <summary>All rows and the table's version, read at one revision.</summary>
/// <param name="Version">Rises by one with every insert and update; 0 for a table that nobody wrote to.</param>
/// <param name="VersionTag">The tag that an insert or update must bring.</param>
public sealed record MembershipTable(int Version, string VersionTag, IReadOnlyList<TaggedRow> Rows);
