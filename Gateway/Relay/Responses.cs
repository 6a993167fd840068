using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Core.Streams;
using Fairway.Gateway.Auth.Users;
using Fairway.Gateway.Generation;
using Fairway.Gateway.Http;
using Fairway.Gateway.Streams;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Relay;

/// <summary>The Responses API over the buffers of streams: a response is a version, its events follow from the stored chunks.</summary>
internal sealed class Responses(RelayCalls calls, StreamHub hub, IOptions<ServingOptions> options, IOptions<ModelsOptions> models)
{
    /// <summary><c>POST /v1/responses</c>.</summary>
    public async Task PostAsync(HttpContext context)
    {
        var user = context.UserToken().Subject;
        var request = ResponseRequest.Read(await JsonBody.ReadAsync(context, options.Value.MaxBodyBytes), models.Value);
        if (request.PreviousResponseId is { } previous)
        {
            request.Follow(await ExchangeAsync(user, previous));
        }

        var conversation = request.Conversation ?? (request.IsStored ? $"{ConversationNames.Kept}{Guid.NewGuid():N}" : null);
        await using var call = await calls.OpenAsync(context, request.Bytes, conversation, $"response {request.IsStream} {request.Conversation}");
        call.MayEnd = !request.IsBackground;
        if (!request.IsBackground)
        {
            await StreamHub.WaitAsync(call.Stream, request.IsStream ? static live => live.Next > 0 : static live => live.Terminal is not null, context.RequestAborted);
            try
            {
                call.Stream.ThrowIfFailed(unlessBegun: request.IsStream);
            }
            catch
            {
                await calls.FreeAsync(user, call.Version); // nobody learns of its id
                throw;
            }
        }

        await (request.IsStream ? StreamAsync(context, call, request.Chat, startingAfter: -1) : WriteAsync(context, SnapshotOf(call, request.Chat)));
    }

    /// <summary><c>GET /v1/responses/{id}</c>, with <c>?stream=true&amp;starting_after=</c> as events.</summary>
    public async Task GetAsync(HttpContext context, string id)
    {
        var isStream = RequestReader.Flag("stream", context.Request.Query["stream"].FirstOrDefault());
        var startingAfter = StartingAfter(context.Request.Query["starting_after"].FirstOrDefault());
        await using var call = await FindAsync(context.UserToken().Subject, id);
        var chat = await RequestOfAsync(call, id);
        await (isStream ? StreamAsync(context, call, chat, startingAfter) : WriteAsync(context, SnapshotOf(call, chat)));
    }

    /// <summary><c>POST /v1/responses/{id}/cancel</c>; one that has ended stays as it is.</summary>
    public async Task CancelAsync(HttpContext context, string id)
    {
        await using var call = await FindAsync(context.UserToken().Subject, id);
        var chat = await RequestOfAsync(call, id);
        if (chat[UpstreamRequest.ResponseField]?["background"]?.GetValueKind() != JsonValueKind.True)
        {
            throw new RelayException(new RelayError(400, "NOT_BACKGROUND", "Only a response of the background can be cancelled; close the connection of any other."));
        }

        await calls.StopAsync(call);
        await StreamHub.WaitAsync(call.Stream, static live => live.Terminal is not null, context.RequestAborted);
        await WriteAsync(context, SnapshotOf(call, chat));
    }

    /// <summary><c>DELETE /v1/responses/{id}</c>: cancels it where it still runs.</summary>
    public async Task DeleteAsync(HttpContext context, string id)
    {
        var user = context.UserToken().Subject;
        await using var call = await FindAsync(user, id);
        await RequestOfAsync(call, id);
        await calls.FreeAsync(user, call.Version);
        await WriteAsync(context, new JsonObject { ["id"] = id, ["object"] = "response", ["deleted"] = true });
    }

    private static int StartingAfter(string? text) => text is null ? -1
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw ApiException.BadField("starting_after", "must be the number of an event");

    private static JsonObject SnapshotOf(RelayCall call, JsonObject chat)
    {
        var events = EventsOf(call, chat, startingAfter: int.MaxValue);
        events.Open();
        foreach (var frame in call.Stream.From(0))
        {
            events.Take(frame);
        }

        return events.Snapshot();
    }

    private static ResponseEvents EventsOf(RelayCall call, JsonObject chat, int startingAfter) => new(call.Version, chat, startingAfter);

    private static async Task WriteAsync(HttpContext context, JsonObject json)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(json, ResponseJson.Relaxed.JsonNode);
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static RelayException Unknown(string id) =>
        new(new RelayError(404, "response_not_found", $"Response with id '{id}' not found.") { Param = "response_id" });

    private async Task StreamAsync(HttpContext context, RelayCall call, JsonObject chat, int startingAfter)
    {
        EventsEndpoint.SetHeaders(context);
        await hub.ServeAsync(context, call.Stream, 0, new ResponseFormat(EventsOf(call, chat, startingAfter)));
    }

    private async Task<RelayCall> FindAsync(string user, string id) =>
        (ResponseIds.VersionOf(id) is { } version ? await calls.FindAsync(user, version) : null) ?? throw Unknown(id);

    private async Task<JsonObject> RequestOfAsync(RelayCall call, string id)
    {
        var request = await calls.RequestAsync(call);
        return request is null || JsonNode.Parse(request.Memory.Span) is not JsonObject chat || chat[UpstreamRequest.ResponseField] is null
            ? throw Unknown(id) // freed meanwhile, or an answer that was asked for in another way
            : chat;
    }

    /// <summary>The messages of an earlier response and its answer.</summary>
    private async Task<JsonArray> ExchangeAsync(string user, string id)
    {
        try
        {
            await using var call = await FindAsync(user, id);
            var chat = await RequestOfAsync(call, id);
            if (call.Stream.Terminal is null)
            {
                throw ApiException.BadField("previous_response_id", "names a response that has not come to its end");
            }

            var messages = ResponseRequest.MessagesOf(chat);
            foreach (var message in ResponseInput.ToMessages(SnapshotOf(call, chat)["output"] is JsonArray { Count: > 0 } output ? output : "").Where(IsOfAssistant))
            {
                messages.Add(message!.DeepClone());
            }

            return messages;
        }
        catch (RelayException)
        {
            throw new RelayException(new RelayError(400, "previous_response_not_found", $"Previous response with id '{id}' not found.") { Param = "previous_response_id" });
        }
    }

    private static bool IsOfAssistant(JsonNode? message) => message?["role"]?.ToString() == "assistant";
}
