using System.ComponentModel;
using Fairway.Gateway.Auth;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Fairway.Gateway.BestList;

/// <summary>The ranked lists, and the snapshot the edge balances from.</summary>
public static class BestListEndpoints
{
    public static IEndpointRouteBuilder MapBestList(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/services", Services).ReadsList<ServicesDocument>("services", "List all services");
        app.MapGet("/v1/services/{service}/best", Best).ReadsList<BestDocument>("best", "Rank the instances of a service, best first")
            .Refuses(404);
        app.MapGet("/v1/members", Members).NeedsKey(KeyKind.Read).WithTags("lists").WithName("members")
            .WithSummary("List the processes that serve the cluster: Exporters, Gateways, edges").Produces<MembersDocument>().Refuses(401, 503);
        app.MapGet("/v1/edge/snapshot", Edge).ReadsList<EdgeDocument>("edge", "Read everything an edge balances from, whole or as a difference");
        return app;
    }

    /// <summary>Describes a list: who may read it, how it is polled, what it refuses.</summary>
    internal static RouteHandlerBuilder ReadsList<T>(this RouteHandlerBuilder route, string name, string summary) => route
        .NeedsKey(KeyKind.Read)
        .WithTags("lists").WithName(name).WithSummary(summary)
        .WithDescription("With `since`, waits up to `wait` for another version; 304 without news. A list before the first listing is 503 NOT_READY.")
        .Produces<T>().Produces(304).Refuses(400, 401, 503);

    private static Task Services(
        HttpContext context, ListServer server, ListEncoder encoder, [Since] string? since, [Wait] string? wait) =>
        server.ServeAsync(
            context, new ListId(ListKind.Services), LongPoll.Read(since, wait), encoder, static (snapshot, encoder) => encoder.Services(snapshot));

    private static Task Best(
        HttpContext context,
        ListServer server,
        ListEncoder encoder,
        string service,
        [Description("At most so many instances; a positive integer.")] string? k,
        [Description("Only this lane's instances, without fallback; absent or empty is base.")] string? lane,
        [Description("`true` adds instances that are not usable.")] string? all,
        [Description("`true` adds to each instance what its score is made of.")] string? explain,
        [Since] string? since,
        [Wait] string? wait)
    {
        RequestReader.Name(service, "service");
        return server.ServeAsync(
            context, new ListId(ListKind.Best, service), LongPoll.Read(since, wait), (encoder, service, query: BestQuery.Read(k, lane, all, explain)),
            static (snapshot, state) => snapshot.Services.TryGetValue(state.service, out var entry)
                ? state.encoder.Best(snapshot, entry, state.query)
                : throw new ApiException(404, "SERVICE_UNKNOWN", $"No service '{state.service}' is registered."));
    }

    private static JsonHttpResult<MembersDocument> Members(DirectoryStore store)
    {
        var snapshot = store.Current;
        return snapshot.Ready ? TypedResults.Json(MembersDocument.Of(snapshot.Tables)) : throw ApiException.NotReady();
    }

    private static async Task Edge(
        HttpContext context,
        ListServer server,
        ListEncoder encoder,
        EdgeRoll roll,
        [FromHeader(Name = EdgeHeaders.Id), Description("The reader is this edge: it is entered in the registry while it reads.")] string? edge,
        [FromHeader(Name = EdgeHeaders.Address), Description("Where the edge listens, ip:port.")] string? address,
        [FromHeader(Name = EdgeHeaders.Version), Description("The edge's version.")] string? version,
        [Since] string? since,
        [Wait] string? wait)
    {
        var poll = LongPoll.Read(since, wait);
        using var reading = EdgeHeaders.Read(edge, address, version) is { } member ? roll.Enter(member) : null;
        await server.ServeAsync(
            context, new ListId(ListKind.Edge), poll, (encoder, since), static (snapshot, state) => state.encoder.Edge(snapshot, state.since));
    }
}
