using System.Text.Json;

namespace Fairway.Model;

/// <summary>The part of an OpenAI chat request that the model looks at.</summary>
public sealed record ChatRequest(string Model, string Prompt, bool Stream, bool IncludeUsage, Knobs Knobs)
{
    /// <exception cref="JsonException">The body is no chat request.</exception>
    public static ChatRequest Read(JsonElement body, Knobs knobs)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("'messages' must be an array.");
        }

        return new ChatRequest(
            body.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String ? model.GetString()! : "demo",
            LastUserMessage(messages),
            body.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True,
            body.TryGetProperty("stream_options", out var options) && options.ValueKind == JsonValueKind.Object
                && options.TryGetProperty("include_usage", out var usage) && usage.ValueKind == JsonValueKind.True,
            body.TryGetProperty("knobs", out var own) ? own.Deserialize(ModelJson.Default.Knobs) ?? knobs : knobs);
    }

    private static string LastUserMessage(JsonElement messages) =>
        messages.EnumerateArray().LastOrDefault(message => message.ValueKind == JsonValueKind.Object) is { ValueKind: JsonValueKind.Object } last
            && last.TryGetProperty("content", out var content)
            ? content.ToString()
            : "";
}
