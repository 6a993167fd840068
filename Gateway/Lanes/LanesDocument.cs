using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Gateway.BestList;

namespace Fairway.Gateway.Lanes;

/// <summary>The answer of <c>GET /v1/lanes</c>: the environment list.</summary>
public sealed record LanesDocument(string Version, IReadOnlyList<LaneLine> Lanes) : ListDocument
{
    public static LanesDocument Of(DirectorySnapshot snapshot, string version) => new(
        version,
        [.. snapshot.Tables.Lanes.Values.Select(lane => new LaneLine(
            lane.Lane, lane.Owner, lane.CreatedAt, lane.TtlSeconds, lane.ExpiresAt,
            [.. snapshot.Tables.Declarations.GetValueOrDefault(lane.Lane, []).OrderBy(declaration => declaration.Service, StringComparer.Ordinal)]))]);
}

/// <summary>A lane and the services that declare a version of their own in it.</summary>
public sealed record LaneLine(
    string Lane, string Owner, DateTimeOffset CreatedAt, int? TtlSeconds, DateTimeOffset? ExpiresAt, IReadOnlyList<LaneDeclaration> Services);

/// <summary>A lane as it is put.</summary>
/// <param name="TtlSeconds">Life from now; absent lives until removed.</param>
public sealed record LanePutDocument(string Owner, int? TtlSeconds);

/// <summary>A colouring field as it is put.</summary>
/// <param name="OnConsumerDown">park (default) or base: who takes the lane's messages while its consumer is down.</param>
public sealed record DeclarationPutDocument(string? OnConsumerDown);
