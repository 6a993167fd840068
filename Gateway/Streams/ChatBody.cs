using System.Text.Json;
using System.Text.Unicode;
using Fairway.Gateway.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Fairway.Gateway.Streams;

/// <summary>A posted OpenAI chat request, checked as far as the Gateway looks at it. Its bytes go on as they came.</summary>
/// <param name="Bytes">The whole body.</param>
/// <param name="Conversation">Of the field <c>conversation</c>, see <see cref="ConversationName"/>.</param>
public sealed record ChatBody(byte[] Bytes, string Conversation)
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <exception cref="ApiException"><c>BODY_TOO_LARGE</c>, <c>BAD_JSON</c>, <c>BAD_FIELD</c>, <c>BAD_NAME</c>.</exception>
    public static async Task<ChatBody> ReadAsync(HttpContext context, int maxBytes, Func<string, bool> isModel)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = maxBytes;
        }

        using var buffer = new MemoryStream((int)Math.Clamp(context.Request.ContentLength ?? 0, 0, maxBytes));
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        return buffer.Length <= maxBytes
            ? Parse(buffer.ToArray(), isModel)
            : throw new ApiException(413, "BODY_TOO_LARGE", $"The body is over {maxBytes} bytes.");
    }

    private static ChatBody Parse(byte[] bytes, Func<string, bool> isModel)
    {
        if (!Utf8.IsValid(bytes))
        {
            throw ApiException.BadJson("The body is no UTF-8.");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw ApiException.BadJson("The body must be a JSON object.");
            }

            CheckMessages(root);
            if (Text(root, "model") is { } model && !isModel(model))
            {
                throw ApiException.BadField("model", "names no model that this Gateway knows");
            }

            return new ChatBody(bytes, ConversationName.Read(Text(root, "conversation")));
        }
        catch (JsonException error)
        {
            // The parser's own words may quote the prompt.
            throw ApiException.BadJson($"The body is no JSON: see line {error.LineNumber + 1}, byte {error.BytePositionInLine}.");
        }
    }

    private static void CheckMessages(JsonElement root)
    {
        if (!root.TryGetProperty("messages", out var messages)
            || messages.ValueKind != JsonValueKind.Array
            || messages.GetArrayLength() == 0
            || messages.EnumerateArray().Any(message => message.ValueKind != JsonValueKind.Object))
        {
            throw ApiException.BadField("messages", "must be an array of one object or more");
        }
    }

    private static string? Text(JsonElement root, string field)
    {
        if (!root.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : throw ApiException.BadField(field, "must be a string");
        }
        catch (InvalidOperationException)
        {
            throw ApiException.BadJson($"The field '{field}' has text that is no Unicode.");
        }
    }
}
