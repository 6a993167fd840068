using Fairway.Core.Streams;
using Fairway.Gateway.Auth.Users;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Streams;

/// <summary>A prompt in, every token out exactly once. Versions are looked up among the caller's own.</summary>
public static class StreamEndpoints
{
    private static readonly string[] GetOrPost = [HttpMethods.Get, HttpMethods.Post];

    public static IEndpointRouteBuilder MapStreams(this IEndpointRouteBuilder app)
    {
        var streams = app.MapGroup("/v1/streams").NeedsUser().WithTags("streams");
        streams.MapPost("", (HttpContext context, PostEndpoint post) => post.PostAsync(context)).WithName("ask")
            .WithSummary("Ask a model; the answer is read from `events`, and acknowledged at `ack`")
            .TakesBody<ChatDocument>().Produces<AcceptedDocument>(202).Refuses(400, 401, 422, 429, 503);

        // Not asked for call by call, which would make each reader keep a scope of services.
        var events = app.ServiceProvider.GetRequiredService<EventsEndpoint>();
        streams.MapMethods("/current/events", GetOrPost, (Delegate)((HttpContext context) => events.CurrentAsync(context)))
            .WithSummary("Read the current answer of a conversation as server-sent events")
            .Produces(200, contentType: "text/event-stream").Produces(204).Refuses(400, 401, 410, 503);
        streams.MapMethods("/{version}/events", GetOrPost, (HttpContext context, string version) => events.ByVersionAsync(context, version))
            .WithSummary("Read one answer as server-sent events")
            .Produces(200, contentType: "text/event-stream").Produces(204).Refuses(400, 401, 410, 503);
        streams.MapGet("/{version}", GetAsync).WithName("stream").WithSummary("Say how far an answer is")
            .Produces<StreamDocument>().Refuses(401, 410);
        streams.MapPost("/{version}/ack", AcknowledgeAsync).WithName("acknowledge").WithSummary("Say that the answer is read to its end")
            .Produces(204).Refuses(401, 409, 410);
        streams.MapDelete("/{version}", StopAsync).WithName("stop").WithSummary("Stop an answer where it stands")
            .Produces(204).Refuses(401, 410);
        return app;
    }

    internal static ApiException Gone() => new(410, "STREAM_GONE", "No such answer is held.");

    /// <summary>The caller's held version; unknown, foreign and freed ones look the same.</summary>
    private static async Task<IResult> GetAsync(HttpContext context, StreamLookup lookup, string version) =>
        TypedResults.Json(StreamDocument.Of(
            await lookup.FindAsync(context.UserToken().Subject, Version(version), context.RequestAborted) ?? throw Gone()));

    private static async Task<IResult> AcknowledgeAsync(HttpContext context, StreamLookup lookup, string version) =>
        await lookup.AcknowledgeAsync(context.UserToken().Subject, Version(version), context.RequestAborted) switch
        {
            AckResult.Acknowledged => TypedResults.NoContent(),
            AckResult.NotFinished => throw new ApiException(409, "NOT_FINISHED", "The answer has not come to its end yet."),
            _ => throw Gone(),
        };

    private static async Task<IResult> StopAsync(HttpContext context, StreamLookup lookup, string version) =>
        await lookup.StopAsync(context.UserToken().Subject, Version(version), context.RequestAborted) ? TypedResults.NoContent() : throw Gone();

    internal static long Version(string text) =>
        Position.TryParse(text, out var version) ? version : throw Gone();
}
