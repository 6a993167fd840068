using System.Runtime.InteropServices;
using System.Text.Json;
using Fairway.Gateway.Generation;
using Fairway.Gateway.Http;
using Fairway.Gateway.Streams;

namespace Fairway.Gateway.Relay;

/// <summary>A chat request as far as the relay looks at it.</summary>
/// <param name="Bytes">What goes on to the model.</param>
/// <param name="Conversation">Null: the call is its own conversation.</param>
internal sealed record RelayRequest(byte[] Bytes, string? Conversation, bool IsStream)
{
    /// <exception cref="ApiException">As of <see cref="ChatBody.ReadAsync"/>.</exception>
    /// <exception cref="RelayException"><c>model_not_found</c>.</exception>
    public static async Task<RelayRequest> ReadAsync(HttpContext context, ServingOptions options, ModelsOptions models)
    {
        var body = await ChatBody.ReadAsync(context, options.MaxBodyBytes, isModel: static _ => true);
        using var document = JsonDocument.Parse(body.Bytes);
        var root = document.RootElement;
        CheckModel(models, Text(root, "model"));
        var isStream = Flag(root, "stream");
        return new RelayRequest(
            isStream ? body.Bytes : WithUsage(root),
            root.TryGetProperty("conversation", out var given) && given.ValueKind == JsonValueKind.String ? body.Conversation : null,
            isStream);
    }

    /// <exception cref="RelayException"><c>model_not_found</c>.</exception>
    public static string CheckModel(ModelsOptions models, string? name) =>
        models.Find(name)?.Key ?? throw new RelayException(RelayError.UnknownModel(name));

    /// <exception cref="ApiException"><c>BAD_FIELD</c>.</exception>
    public static bool Flag(JsonElement root, string field) => !root.TryGetProperty(field, out var value) ? false : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False or JsonValueKind.Null => false,
        _ => throw ApiException.BadField(field, "must be true or false"),
    };

    private static string? Text(JsonElement root, string field) =>
        root.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A whole answer says what it cost; the model is always asked for a stream, so it has to be asked for that too.</summary>
    private static byte[] WithUsage(JsonElement root)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach (var property in root.EnumerateObject().Where(property => !property.NameEquals("stream_options")))
            {
                json.WritePropertyName(property.Name);
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(property.Value), skipInputValidation: true);
            }

            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }
}
