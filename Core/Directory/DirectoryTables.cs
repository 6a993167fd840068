using System.Collections.Immutable;
using Fairway.Core.Lanes;

namespace Fairway.Core.Directory;

/// <summary>Everything a router needs besides the services themselves; immutable.</summary>
public sealed record DirectoryTables
{
    public static readonly DirectoryTables Empty = new();

    /// <summary>The environment list by lane name, expired ones left out.</summary>
    public ImmutableSortedDictionary<string, LaneRecord> Lanes { get; init; } = ImmutableSortedDictionary<string, LaneRecord>.Empty;

    /// <summary>Colouring fields by lane, of lanes in <see cref="Lanes"/> only.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<LaneDeclaration>> Declarations { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<LaneDeclaration>>.Empty;

    public ImmutableSortedDictionary<string, GreyRule> Grey { get; init; } = ImmutableSortedDictionary<string, GreyRule>.Empty;

    /// <summary>Marks by <c>ip:port</c>, expired ones left out.</summary>
    public ImmutableSortedDictionary<string, OfflineMark> Offline { get; init; } = ImmutableSortedDictionary<string, OfflineMark>.Empty;

    public ImmutableSortedDictionary<string, LimitRule> Limits { get; init; } = ImmutableSortedDictionary<string, LimitRule>.Empty;

    public ImmutableArray<Member> Gateways { get; init; } = [];

    public ImmutableArray<Member> Exporters { get; init; } = [];

    public ImmutableArray<Member> Edges { get; init; } = [];
}
