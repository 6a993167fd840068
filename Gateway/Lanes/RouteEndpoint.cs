using System.Collections.Immutable;
using System.ComponentModel;
using Fairway.Core.Lanes;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Fairway.Gateway.Lanes;

/// <summary>The answer of <c>GET /v1/services/{service}/route</c>.</summary>
/// <param name="Result">route or error.</param>
/// <param name="Code">Why it is no route, else null.</param>
/// <param name="Lane">The lane that serves; null is base.</param>
/// <param name="Label">The label that leaves the hop.</param>
/// <param name="Candidates">Ids of all usable instances before balancing, best first.</param>
/// <param name="Why">The steps of the decision, for people.</param>
/// <param name="Rule">What decided: base, declared, live, undeclared or bad-label.</param>
/// <param name="Table">The version of the lane table it was decided by.</param>
public sealed record RouteDocument(
    string Result, string? Code, string? Lane, string? Label, IReadOnlyList<string> Candidates, IReadOnlyList<string> Why, string Rule, string Table);

internal static class RouteEndpoint
{
    public static IResult Route(
        DirectoryStore store,
        LaneMetrics metrics,
        string service,
        [FromQuery, Description("The lane label the request carries.")] string[]? label,
        [Description("The user's id, at the entry.")] string? user,
        [Description("The user's region, at the entry.")] string? region,
        [FromQuery, Description("Addresses (ip:port, separated by commas, at most 32) that the request knows to be going offline.")] string[]? offline)
    {
        RequestReader.Name(service, "service");
        var snapshot = store.Current;
        if (!snapshot.Ready)
        {
            throw ApiException.NotReady();
        }

        var lanes = LaneView.TableOf(snapshot);
        var labels = (label ?? []).Where(value => !string.IsNullOrEmpty(value)).Distinct(StringComparer.Ordinal).ToList();
        var addresses = ImmutableArray<string>.Empty;
        if (labels.FirstOrDefault(value => !Label.IsValid(value)) is { } bad)
        {
            labels = [bad];
        }
        else if (!LabelReader.TryParse(null, null, string.Join(',', offline ?? []), out var read, out _))
        {
            throw ApiException.BadField("offline", $"is at most {Label.MaxOffline} of ip:port, separated by commas");
        }
        else if (labels.Count > 1)
        {
            return Answer(new RouteDecision
            {
                Rule = RouteRule.BadLabel,
                Code = RouteCodes.LabelAmbiguous,
                Table = lanes.Version,
                Why = ["two different labels", $"lane table {lanes.Version}"],
            });
        }
        else
        {
            addresses = read.Offline;
        }

        var decision = LaneRouter.Route(
            new RouteRequest(service, labels.FirstOrDefault(), Blank(user), Blank(region), addresses), LaneView.PoolsOf(snapshot, service), lanes);
        metrics.Decided(decision);
        return Answer(decision);
    }

    private static JsonHttpResult<RouteDocument> Answer(RouteDecision decision) => TypedResults.Json(new RouteDocument(
        decision.IsRoute ? "route" : "error", decision.Code, decision.Lane, decision.Label, decision.Candidates, decision.Why,
        RouteWords.NameOf(decision.Rule), decision.Table));

    private static string? Blank(string? value) => string.IsNullOrEmpty(value) ? null : value;
}
