using Fairway.Gateway.Generation;
using Fairway.Gateway.Streams;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Relay;

/// <summary><c>POST /v1/chat/completions</c>, as OpenAI's API has it.</summary>
internal sealed class ChatCompletions(RelayCalls calls, StreamHub hub, IOptions<ServingOptions> options, IOptions<ModelsOptions> models)
{
    public async Task PostAsync(HttpContext context)
    {
        var request = await RelayRequest.ReadAsync(context, options.Value, models.Value);
        await using var call = await calls.OpenAsync(context, request.Bytes, request.Conversation, $"chat {request.IsStream} {request.Conversation}");
        var stream = call.Stream;

        // The status is the model's to decide: nothing is sent before its first word.
        await StreamHub.WaitAsync(stream, request.IsStream ? static live => live.Next > 0 : static live => live.Terminal is not null, context.RequestAborted);
        stream.ThrowIfFailed(unlessBegun: request.IsStream);
        if (request.IsStream)
        {
            EventsEndpoint.SetHeaders(context);
            await hub.ServeAsync(context, stream, 0, ChatFormat.Instance);
            return;
        }

        var body = CompletionAssembly.Of(stream.From(0)).ToJson();
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}

internal static class LiveStreamExtensions
{
    /// <summary>Refuses where an answer ended in an error.</summary>
    /// <param name="unlessBegun">Only where it has nothing but that error.</param>
    /// <exception cref="RelayException">What ended it.</exception>
    public static void ThrowIfFailed(this LiveStream stream, bool unlessBegun)
    {
        var frames = stream.From(0);
        if (frames.IsEmpty)
        {
            throw new RelayException(RelayError.Gone);
        }

        if (frames[^1].IsTerminal && !(unlessBegun && frames.Length > 1) && RelayError.Of(frames[^1]) is { } error)
        {
            throw new RelayException(error);
        }
    }
}
