using System.Runtime.InteropServices;
using System.Text.Json;

namespace Fairway.Gateway.Generation;

/// <summary>A user's chat request as the model gets it.</summary>
internal static class UpstreamRequest
{
    /// <summary>The name of the model that a request asks for; null when it says none.</summary>
    public static string? ModelOf(ReadOnlyMemory<byte> request)
    {
        using var document = JsonDocument.Parse(request);
        return document.RootElement.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String ? model.GetString() : null;
    }

    /// <summary>
    /// A field of relayed responses: what their own API was asked for, kept with the request. Never sent upstream.
    /// </summary>
    public const string ResponseField = "~response";

    /// <summary>
    /// The request byte for byte, but for <c>model</c>, <c>stream</c>, which is always true, and the fields that are ours alone:
    /// <c>conversation</c> and <see cref="ResponseField"/>.
    /// </summary>
    public static byte[] Body(ReadOnlyMemory<byte> request, string model)
    {
        using var document = JsonDocument.Parse(request);
        using var body = new MemoryStream(request.Length + 64);
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("model", model);
            writer.WriteBoolean("stream", true);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!property.NameEquals("model") && !property.NameEquals("stream") && !property.NameEquals("conversation")
                    && !property.NameEquals(ResponseField))
                {
                    writer.WritePropertyName(property.Name);
                    writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(property.Value), skipInputValidation: true);
                }
            }

            writer.WriteEndObject();
        }

        return body.ToArray();
    }
}
