using Fairway.Core.Lanes;
using Fairway.Gateway.Auth;
using Fairway.Gateway.BestList;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Lanes;

/// <summary>The environment list, its colouring fields, and how a request would be routed.</summary>
public static class LaneEndpoints
{
    private const int MaxTtlSeconds = 365 * 24 * 3600;

    public static IEndpointRouteBuilder MapLanes(this IEndpointRouteBuilder app)
    {
        app.ServiceProvider.GetRequiredService<LaneMetrics>(); // made now: figures begin with the process
        app.MapGet("/v1/lanes", List).ReadsList<LanesDocument>("lanes", "List the lanes and what they declare").WithTags("lanes");
        app.MapGet("/v1/services/{service}/route", RouteEndpoint.Route).NeedsKey(KeyKind.Read).WithTags("lanes").WithName("route")
            .WithSummary("Say where a request would go, and why")
            .WithDescription("With `user` or `region` the entry's grey rule decides the label first.")
            .Produces<RouteDocument>().Refuses(400, 401, 503);

        var lane = app.MapGroup("/v1/lanes/{lane}").NeedsKey(KeyKind.Registrar).WithTags("lanes");
        lane.MapPut("", PutAsync).WithName("put-lane").WithSummary("Enter a lane into the environment list; its time to live counts from now")
            .TakesBody<LanePutDocument>().Produces<LaneRecord>().Produces<LaneRecord>(201).Refuses(400, 401, 503);
        lane.MapDelete("", DeleteAsync).WithName("delete-lane").WithSummary("Remove a lane and its declarations")
            .Produces(204).Refuses(400, 401, 404, 503);
        lane.MapPut("/services/{service}", DeclareAsync).WithName("declare").WithSummary("Declare that a lane has its own version of a service")
            .TakesBody<DeclarationPutDocument>(required: false).Produces<LaneDeclaration>().Produces<LaneDeclaration>(201).Refuses(400, 401, 409, 503);
        lane.MapDelete("/services/{service}", UndeclareAsync).WithName("undeclare").WithSummary("Remove a declaration")
            .Produces(204).Refuses(400, 401, 404, 503);
        return app;
    }

    private static Task List(HttpContext context, ListServer server, ListEncoder encoder, [Since] string? since, [Wait] string? wait) =>
        server.ServeAsync(
            context, new ListId(ListKind.Lanes), LongPoll.Read(since, wait), encoder, static (snapshot, encoder) => encoder.Lanes(snapshot));

    private static async Task<IResult> PutAsync(HttpContext context, LaneBook book, DirectoryFeed feed, string lane)
    {
        RequestReader.Lane(lane);
        var fields = new Fields(await JsonBody.ReadAsync(context));
        if (fields.Text("lane") is { } said && said != lane)
        {
            throw ApiException.BadField("lane", $"is '{said}', but the path says '{lane}'");
        }

        var (created, stored, revision) = await book.PutAsync(
            lane, fields.RequiredText("owner", 256), fields.Whole("ttlSeconds", 1, MaxTtlSeconds), fields.Document, context.RequestAborted);
        await feed.CatchUpAsync(revision, [], context.RequestAborted);
        return Stored.Answer(created, stored, new() { ["ttlSeconds"] = null });
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, LaneBook book, DirectoryFeed feed, DirectoryStore directory, string lane)
    {
        RequestReader.Lane(lane);
        var declared = directory.Current.Tables.Declarations.GetValueOrDefault(lane, []).Select(declaration => declaration.Service);
        var revision = await book.DeleteAsync(lane, context.RequestAborted) ?? throw ApiException.NotSet($"lane '{lane}'");
        await feed.CatchUpAsync(revision, declared, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> DeclareAsync(HttpContext context, LaneBook book, DirectoryFeed feed, string lane, string service)
    {
        RequestReader.Lane(lane);
        RequestReader.Service(service);
        var fields = new Fields(await JsonBody.ReadAsync(context, mayBeEmpty: true));
        var (created, declaration, revision) = await book.DeclareAsync(
            lane, service, fields.Choice("onConsumerDown", "park", "base"), fields.Document, context.RequestAborted);
        await feed.CatchUpAsync(revision, [service], context.RequestAborted);
        return TypedResults.Json(declaration, statusCode: created ? 201 : 200);
    }

    private static async Task<IResult> UndeclareAsync(HttpContext context, LaneBook book, DirectoryFeed feed, string lane, string service)
    {
        RequestReader.Lane(lane);
        RequestReader.Service(service);
        var revision = await book.UndeclareAsync(lane, service, context.RequestAborted)
            ?? throw ApiException.NotSet($"declaration of '{service}' in lane '{lane}'");
        await feed.CatchUpAsync(revision, [service], context.RequestAborted);
        return TypedResults.NoContent();
    }
}
