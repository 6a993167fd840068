using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Fairway.Core.Directory;

namespace Fairway.Core.Lanes;

/// <summary>The environment list, its declarations and the grey rules, as of one version; immutable, every look-up O(1).</summary>
public sealed class LaneTable
{
    public static readonly LaneTable Empty = new(DirectoryTables.Empty, "0");

    private readonly FrozenDictionary<string, Entry> _lanes;
    private readonly FrozenDictionary<string, EntryRule> _grey;

    /// <param name="tables">Expired lanes are already left out.</param>
    /// <param name="version">Differs with each change; of its producer's making, such as <c>{epoch}-{counter}</c>.</param>
    public LaneTable(DirectoryTables tables, string version)
    {
        ArgumentNullException.ThrowIfNull(tables);
        Version = version;
        _lanes = tables.Lanes.ToFrozenDictionary(
            pair => pair.Key,
            pair => new Entry(
                pair.Value,
                tables.Declarations.GetValueOrDefault(pair.Key, []).ToFrozenDictionary(declaration => declaration.Service, StringComparer.Ordinal)),
            StringComparer.Ordinal);
        _grey = tables.Grey.ToFrozenDictionary(pair => pair.Key, pair => new EntryRule(pair.Value), StringComparer.Ordinal);
    }

    /// <summary>Which table a decision was made by.</summary>
    public string Version { get; }

    /// <summary>Whether the environment list has the lane, and it lives.</summary>
    public bool Knows(string lane) => _lanes.ContainsKey(lane);

    public bool TryGetLane(string lane, [NotNullWhen(true)] out LaneRecord? record)
    {
        record = _lanes.GetValueOrDefault(lane)?.Record;
        return record is not null;
    }

    /// <summary>Whether the lane has a version of its own of the service.</summary>
    public bool Declares(string lane, string service) => Find(lane, service).IsDeclared;

    public bool TryGetDeclaration(string lane, string service, [NotNullWhen(true)] out LaneDeclaration? declaration)
    {
        declaration = _lanes.GetValueOrDefault(lane)?.Declarations.GetValueOrDefault(service);
        return declaration is not null;
    }

    /// <summary>Whether the environment list has the lane, and whether the lane declares the service.</summary>
    internal (bool IsKnown, bool IsDeclared) Find(string lane, string service) =>
        _lanes.TryGetValue(lane, out var entry) ? (true, entry.Declarations.ContainsKey(service)) : default;

    /// <summary>The entry rule of a service; null when it has none.</summary>
    public EntryRule? GreyOf(string service) => _grey.GetValueOrDefault(service);

    private sealed record Entry(LaneRecord Record, FrozenDictionary<string, LaneDeclaration> Declarations);
}
