using System.Collections.Immutable;
using Fairway.Core.Directory;

namespace Fairway.GrainInterfaces.Wire;

/// <summary><see cref="DirectoryTables"/> on their way to the Gateways.</summary>
[GenerateSerializer, Immutable, Alias("fairway.DirectoryTables")]
public sealed record DirectoryTablesWire
{
    [Id(0)] public required string Epoch { get; init; }

    /// <summary>Grows by one with each change within an epoch; 0 before the first listing.</summary>
    [Id(1)] public required long Version { get; init; }

    [Id(2)] public ImmutableArray<LaneWire> Lanes { get; init; } = [];

    [Id(3)] public ImmutableArray<GreyWire> Grey { get; init; } = [];

    [Id(4)] public ImmutableArray<OfflineWire> Offline { get; init; } = [];

    [Id(5)] public ImmutableArray<LimitWire> Limits { get; init; } = [];

    [Id(6)] public ImmutableArray<MemberWire> Gateways { get; init; } = [];

    [Id(7)] public ImmutableArray<MemberWire> Exporters { get; init; } = [];

    [Id(8)] public ImmutableArray<MemberWire> Edges { get; init; } = [];

    public static DirectoryTablesWire From(string epoch, long version, DirectoryTables tables) => new()
    {
        Epoch = epoch,
        Version = version,
        Lanes = [.. tables.Lanes.Values.Select(lane => LaneWire.From(lane, tables.Declarations.GetValueOrDefault(lane.Lane, [])))],
        Grey = [.. tables.Grey.Select(entry => GreyWire.From(entry.Key, entry.Value))],
        Offline = [.. tables.Offline.Values.Select(OfflineWire.From)],
        Limits = [.. tables.Limits.Select(entry => LimitWire.From(entry.Key, entry.Value))],
        Gateways = [.. tables.Gateways.Select(MemberWire.From)],
        Exporters = [.. tables.Exporters.Select(MemberWire.From)],
        Edges = [.. tables.Edges.Select(MemberWire.From)],
    };

    public DirectoryTables ToCore()
    {
        var ordinal = StringComparer.Ordinal;
        return new()
        {
            Lanes = Lanes.ToImmutableSortedDictionary(lane => lane.Lane, lane => lane.ToCore(), ordinal),
            Declarations = Lanes.Where(lane => lane.Services.Length > 0).ToImmutableSortedDictionary(
                lane => lane.Lane, lane => ImmutableArray.CreateRange(lane.Services, service => service.ToCore()), ordinal),
            Grey = Grey.ToImmutableSortedDictionary(rule => rule.Service, rule => rule.ToCore(), ordinal),
            Offline = Offline.ToImmutableSortedDictionary(mark => mark.Address, mark => mark.ToCore(), ordinal),
            Limits = Limits.ToImmutableSortedDictionary(limit => limit.Service, limit => limit.ToCore(), ordinal),
            Gateways = ImmutableArray.CreateRange(Gateways, member => member.ToCore()),
            Exporters = ImmutableArray.CreateRange(Exporters, member => member.ToCore()),
            Edges = ImmutableArray.CreateRange(Edges, member => member.ToCore()),
        };
    }
}
