using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;

namespace Fairway.Gateway.Http;

/// <summary>Reads a request's body as a JSON object, whatever its content type says.</summary>
public static class JsonBody
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <exception cref="ApiException"><c>BAD_JSON</c>: empty, malformed or no object.</exception>
    /// <exception cref="BadHttpRequestException">413: larger than the server takes.</exception>
    /// <param name="mayBeEmpty">Whether no body at all stands for an empty object.</param>
    public static Task<JsonObject> ReadAsync(HttpContext context, bool mayBeEmpty = false) => ReadAsync(context, GatewayApp.MaxBodyBytes, mayBeEmpty);

    /// <param name="maxBytes">Larger bodies are refused, whatever the server's own limit.</param>
    public static async Task<JsonObject> ReadAsync(HttpContext context, int maxBytes, bool mayBeEmpty = false)
    {
        if (maxBytes > GatewayApp.MaxBodyBytes && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = maxBytes;
        }

        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        if (buffer.Length > maxBytes)
        {
            throw new ApiException(413, "BODY_TOO_LARGE", $"The body is over {maxBytes} bytes.");
        }

        return mayBeEmpty && buffer.Length == 0 ? [] : Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }

    /// <exception cref="ApiException"><c>BAD_JSON</c>: malformed or no object.</exception>
    public static JsonObject Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var node = JsonNode.Parse(utf8, documentOptions: Strict);
            Touch(node);
            return node as JsonObject ?? throw ApiException.BadJson("The body must be a JSON object.");
        }
        catch (JsonException error)
        {
            throw ApiException.BadJson($"The body is no JSON object: {error.Message}");
        }
        catch (InvalidOperationException)
        {
            throw ApiException.BadJson("The body has text that is no Unicode.");
        }
    }

    /// <summary>Strings are decoded only when read; those that are no Unicode must fail here, not later.</summary>
    private static void Touch(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (_, member) in members)
                {
                    Touch(member);
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    Touch(item);
                }

                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                _ = value.GetValue<string>();
                break;
        }
    }
}
