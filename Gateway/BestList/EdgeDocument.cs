using System.Text.Json.Serialization;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Gateway.BestList;

/// <summary>
/// The answer of <c>GET /v1/edge/snapshot</c>. With <c>full</c> everything is here and <c>base</c> is null. Else it is what
/// changed since <c>base</c>: changed services whole, the names of gone ones, and each table whole if it changed, absent if not.
/// </summary>
public sealed record EdgeDocument(
    string Version, string? Base, bool Full, IReadOnlyDictionary<string, EdgeService> Services, IReadOnlyList<string> Removed) : ListDocument
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, EdgeLane>? Lanes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, GreyRule>? Grey { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Offline { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, LimitRule>? Limits { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Member>? Gateways { get; init; }

    /// <summary>The whole snapshot, or the difference to what the reader holds.</summary>
    /// <param name="since">A version a reader says it holds.</param>
    public static EdgeDocument Of(DirectorySnapshot snapshot, string? since)
    {
        var delta = snapshot.TryReadBase(since, out var held);
        var full = !delta;
        var at = snapshot.TableCounters;
        return new EdgeDocument(
            snapshot.Version(snapshot.Counter),
            delta ? since : null,
            full,
            snapshot.Services.Where(pair => full || pair.Value.Counter > held)
                .ToDictionary(pair => pair.Key, pair => EdgeService.Of(pair.Value.Snapshot), StringComparer.Ordinal),
            full ? [] : [.. snapshot.RemovedSince(held)])
        {
            Lanes = full || at.Lanes > held ? EdgeLane.Of(snapshot.Tables) : null,
            Grey = full || at.Grey > held ? snapshot.Tables.Grey : null,
            Offline = full || at.Offline > held ? [.. snapshot.Tables.Offline.Keys] : null,
            Limits = full || at.Limits > held ? snapshot.Tables.Limits : null,
            Gateways = full || at.Gateways > held ? snapshot.Tables.Gateways : null,
        };
    }
}

/// <summary>A service as the edge balances it: every instance of every lane and state.</summary>
public sealed record EdgeService(string Mode, ServicePolicy? Policy, IReadOnlyList<InstanceLine> Instances)
{
    public static EdgeService Of(ServiceSnapshot service) =>
        new(service.Mode, service.Policy, [.. service.Instances.Select(InstanceLine.Of)])
        {
            Panic = service.PanickedLanes.IsDefaultOrEmpty ? [] : [.. service.PanickedLanes],
        };

    /// <summary>Lanes in which ejected instances are readmitted; base is the empty string.</summary>
    public required IReadOnlyList<string> Panic { get; init; }
}

/// <summary>A lane: when it ends, and the services that declare a version of their own in it.</summary>
public sealed record EdgeLane(DateTimeOffset? ExpiresAt, IReadOnlyDictionary<string, LaneDeclaration> Services)
{
    public static IReadOnlyDictionary<string, EdgeLane> Of(DirectoryTables tables) => tables.Lanes.ToDictionary(
        pair => pair.Key,
        pair => new EdgeLane(
            pair.Value.ExpiresAt,
            tables.Declarations.GetValueOrDefault(pair.Key, []).ToDictionary(declaration => declaration.Service, StringComparer.Ordinal)),
        StringComparer.Ordinal);
}
