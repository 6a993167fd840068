using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Fairway.Core.Directory;

namespace Fairway.Core.Lanes;

/// <summary>The environment list, its declarations and the grey rules, as of one version; immutable, every look-up O(1).</summary>
public sealed class LaneTable
{
    public static readonly LaneTable Empty = new(DirectoryTables.Empty, "0");

    private readonly FrozenDictionary<string, LaneRecord> _lanes;
    private readonly FrozenDictionary<(string Lane, string Service), LaneDeclaration> _declarations;
    private readonly FrozenDictionary<string, EntryRule> _grey;

    /// <param name="tables">Expired lanes are already left out.</param>
    /// <param name="version">Differs with each change; of its producer's making, such as <c>{epoch}-{counter}</c>.</param>
    public LaneTable(DirectoryTables tables, string version)
    {
        ArgumentNullException.ThrowIfNull(tables);
        Version = version;
        _lanes = tables.Lanes.ToFrozenDictionary(StringComparer.Ordinal);
        _declarations = tables.Declarations
            .Where(entry => tables.Lanes.ContainsKey(entry.Key))
            .SelectMany(entry => entry.Value, (entry, declaration) => KeyValuePair.Create((entry.Key, declaration.Service), declaration))
            .ToFrozenDictionary();
        _grey = tables.Grey.ToFrozenDictionary(pair => pair.Key, pair => new EntryRule(pair.Value), StringComparer.Ordinal);
    }

    /// <summary>Which table a decision was made by.</summary>
    public string Version { get; }

    /// <summary>Whether the environment list has the lane, and it lives.</summary>
    public bool Knows(string lane) => _lanes.ContainsKey(lane);

    public bool TryGetLane(string lane, [NotNullWhen(true)] out LaneRecord? record) => _lanes.TryGetValue(lane, out record);

    /// <summary>Whether the lane has a version of its own of the service.</summary>
    public bool Declares(string lane, string service) => _declarations.ContainsKey((lane, service));

    public bool TryGetDeclaration(string lane, string service, [NotNullWhen(true)] out LaneDeclaration? declaration) =>
        _declarations.TryGetValue((lane, service), out declaration);

    /// <summary>The entry rule of a service; null when it has none.</summary>
    public EntryRule? GreyOf(string service) => _grey.GetValueOrDefault(service);
}
