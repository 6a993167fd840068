using System.ComponentModel;
using System.Runtime.CompilerServices;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Lanes;

/// <summary>The answer of <c>GET /v1/services/{service}/route</c>.</summary>
/// <param name="Result">route or error.</param>
/// <param name="Code">Why it is no route, else null.</param>
/// <param name="Lane">The lane that serves; null is base.</param>
/// <param name="Label">The label that leaves the hop.</param>
/// <param name="Candidates">Ids of all usable instances before balancing, best first.</param>
/// <param name="Why">The steps of the decision, for people.</param>
public sealed record RouteDocument(
    string Result, string? Code, string? Lane, string? Label, IReadOnlyList<string> Candidates, IReadOnlyList<string> Why);

internal static class RouteEndpoint
{
    /// <summary>Built once for each tables; services come and go far more often than lanes do.</summary>
    private static readonly ConditionalWeakTable<DirectoryTables, LaneTable> Tables = [];

    public static IResult Route(
        DirectoryStore store,
        string service,
        [Description("The lane label the request carries.")] string? label,
        [Description("The user's id, at the entry.")] string? user,
        [Description("The user's region, at the entry.")] string? region)
    {
        RequestReader.Name(service, "service");
        var snapshot = store.Current;
        if (!snapshot.Ready)
        {
            throw ApiException.NotReady();
        }

        var lanes = Tables.GetValue(snapshot.Tables, static tables => new LaneTable(tables, 0));
        var offline = snapshot.Tables.Offline.IsEmpty ? null : snapshot.Tables.Offline.Keys.ToHashSet(StringComparer.Ordinal);
        var decision = LaneRouter.Route(
            new RouteRequest(service, label, string.IsNullOrEmpty(user) ? null : user, string.IsNullOrEmpty(region) ? null : region, offline),
            snapshot.Services.GetValueOrDefault(service)?.Snapshot,
            lanes);
        return TypedResults.Json(new RouteDocument(
            decision.IsRoute ? "route" : "error", decision.Code, decision.Lane, decision.Label, decision.Candidates, decision.Why));
    }
}
