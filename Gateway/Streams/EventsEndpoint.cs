using Fairway.Core.Streams;
using Fairway.Gateway.Auth.Users;
using Fairway.GrainInterfaces.Streams;
using Microsoft.AspNetCore.Http.Features;

namespace Fairway.Gateway.Streams;

/// <summary>The frames of an answer as server-sent events, from a position on. docs/protocol.md has the cases.</summary>
internal sealed class EventsEndpoint(StreamLookup lookup, StreamHub hub)
{
    /// <summary>A version named in the path.</summary>
    public async Task<IResult> ByVersionAsync(HttpContext context, string version)
    {
        var user = context.UserToken().Subject;
        var asked = StreamEndpoints.Version(version);
        if (hub.AttachFollowed(user, asked) is { } followed && Join(context, followed) is { } joined)
        {
            return joined;
        }

        var found = await lookup.FindAsync(user, asked, context.RequestAborted) ?? throw StreamEndpoints.Gone();
        var position = Position.Read(context.Request);
        CheckVersion(position, found.Version);
        return await ServeAsync(context, user, found, position, mayBeBeyond: false) ?? throw StreamEndpoints.Gone();
    }

    /// <summary>What a conversation holds now, or the end of the version whose id the reader brings.</summary>
    public async Task<IResult> CurrentAsync(HttpContext context)
    {
        var conversation = ConversationName.Read(context.Request.Query["conversation"].FirstOrDefault());
        var user = context.UserToken().Subject;
        var position = Position.Read(context.Request);
        var current = await lookup.CurrentAsync(user, conversation, context.RequestAborted);
        if ((position?.Version ?? current) == 0 || await lookup.FindAsync(user, position?.Version ?? current, context.RequestAborted) is not { } found)
        {
            // What the reader had is gone; where something else is held, that is news which must not pass for a continuation.
            return current == 0 || position is null ? TypedResults.NoContent() : throw StreamEndpoints.Gone();
        }

        if (found.Conversation != conversation)
        {
            throw Position.Bad("belongs to another conversation");
        }

        return await ServeAsync(context, user, found, position, mayBeBeyond: true) ?? TypedResults.NoContent();
    }

    internal static void SetHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        context.Response.ContentType = "text/event-stream";
        headers.CacheControl = "no-cache";
        headers["X-Accel-Buffering"] = "no";
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            headers.Connection = "keep-alive";
        }

        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    private static void CheckVersion(Position? position, long version)
    {
        if (position is { } given && given.Version != version)
        {
            throw Position.Bad("belongs to another version");
        }
    }

    /// <summary>Another reader of a stream that some here follow: no grain need be asked. Null: this one knows of more than they.</summary>
    private FramesResult? Join(HttpContext context, LiveStream stream)
    {
        FramesResult? joined = null;
        try
        {
            var position = Position.Read(context.Request);
            CheckVersion(position, stream.Version);
            var next = (position?.Offset ?? -1) + 1;
            return joined = next <= stream.Next ? new FramesResult(hub, stream, next) : null;
        }
        finally
        {
            if (joined is null)
            {
                hub.Detach(stream);
            }
        }
    }

    /// <summary>Null: freed in the meantime.</summary>
    /// <param name="mayBeBeyond">Whether a position past the terminal is taken for one at it.</param>
    private async Task<IResult?> ServeAsync(HttpContext context, string user, StreamSummary found, Position? position, bool mayBeBeyond)
    {
        if (hub.IsDraining)
        {
            context.Response.Headers.RetryAfter = "1";
            throw StreamHub.Draining();
        }

        var stream = hub.Attach(user, found.Version, found.Conversation);
        var isServed = false;
        try
        {
            // Found a moment ago: where its grain has moved since, it is found again.
            if (!await hub.PullAsync(stream) && (await lookup.FindAsync(user, found.Version, context.RequestAborted) is null || !await hub.PullAsync(stream)))
            {
                return null;
            }

            var last = position?.Offset ?? -1;
            var terminal = stream.Terminal ?? ((StreamState)found.State > StreamState.Streaming ? found.Frames - 1 : null);
            if (last >= terminal && (last == terminal || mayBeBeyond))
            {
                return TypedResults.NoContent();
            }

            if (last >= Math.Max(stream.Next, found.Frames))
            {
                throw Position.Bad("lies past the end");
            }

            isServed = true;
            return new FramesResult(hub, stream, last + 1);
        }
        finally
        {
            if (!isServed)
            {
                hub.Detach(stream);
            }
        }
    }

    /// <summary>Frames from an offset on. By the time it runs, all that led to it is done with, and takes no memory while the reader follows.</summary>
    private sealed class FramesResult(StreamHub hub, LiveStream stream, int next) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            SetHeaders(httpContext);
            try
            {
                await hub.ServeAsync(httpContext, stream, next, SseFormat.Frames);
            }
            finally
            {
                hub.Detach(stream);
            }
        }
    }
}
