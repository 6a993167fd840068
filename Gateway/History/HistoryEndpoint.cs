using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Fairway.Gateway.Auth.Users;
using Fairway.Gateway.Http;
using Fairway.Gateway.Streams;
using Fairway.Grains.Streams;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.History;

/// <summary><c>GET /v1/history</c>: one's own acknowledged answers, newest first.</summary>
public static class HistoryEndpoint
{
    private const int PageSize = 20;

    public static IEndpointRouteBuilder MapHistory(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/history", GetAsync).NeedsUser().WithTags("streams").WithName("history")
            .WithSummary("List the answers of a conversation, newest first; `next` goes into `before` for older ones")
            .Produces<HistoryDocument>().Refuses(400, 401);
        return app;
    }

    private static async Task<IResult> GetAsync(HttpContext context, HistoryReader history, string? conversation, string? before)
    {
        var name = ConversationName.Read(conversation);
        var limit = long.MaxValue;
        if (before is not null && !long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out limit))
        {
            throw ApiException.BadField("before", "must be a version");
        }

        var page = await history.PageAsync(context.UserToken().Subject, name, limit, PageSize, context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Bytes(Encode(page), "application/json");
    }

    private static ReadOnlyMemory<byte> Encode(HistoryPage page)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartArray("items"u8);
        foreach (var item in page.Items)
        {
            json.WriteStartObject();
            json.WriteString("version"u8, item.Version.ToString(CultureInfo.InvariantCulture));
            json.WriteString("conversation"u8, item.Conversation);
            json.WritePropertyName("messages"u8);
            json.WriteRawValue(item.Messages.Span, skipInputValidation: true);
            json.WriteString("answer"u8, item.Answer);
            if (!item.ToolCalls.IsEmpty)
            {
                json.WritePropertyName("toolCalls"u8);
                json.WriteRawValue(item.ToolCalls.Span, skipInputValidation: true);
            }

            json.WriteString("finishedAt"u8, UtcConverter.Format(item.FinishedAt));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("next"u8, page.Next?.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}

/// <summary>A page of history.</summary>
/// <param name="Next">What <c>before</c> has to be for the following page; null when this was the last.</param>
public sealed record HistoryDocument(IReadOnlyList<HistoryItemDocument> Items, string? Next);

/// <summary>One kept answer.</summary>
/// <param name="Messages">The messages of the request.</param>
/// <param name="Answer">The text of the answer.</param>
/// <param name="ToolCalls">Where the answer has any: the tool calls put together.</param>
/// <param name="FinishedAt">RFC 3339, UTC.</param>
public sealed record HistoryItemDocument(
    string Version, string Conversation, JsonElement Messages, string Answer, JsonElement? ToolCalls, string FinishedAt);
