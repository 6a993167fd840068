using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fairway.Storage.History;

/// <summary>Puts the chunks of a streamed chat completion together; of several choices, the first.</summary>
internal sealed class AnswerAssembly
{
    private readonly StringBuilder _text = new();
    private readonly SortedDictionary<int, JsonObject> _calls = [];

    public string Text => _text.ToString();

    /// <summary>The tool calls as a JSON array in UTF-8; empty when there are none.</summary>
    public byte[] ToolCalls => _calls.Count == 0
        ? []
        : Encoding.UTF8.GetBytes(new JsonArray([.. _calls.Values.Select(call => call.DeepClone())]).ToJsonString());

    public static AnswerAssembly Of(IEnumerable<ReadOnlyMemory<byte>> chunks)
    {
        var assembly = new AnswerAssembly();
        foreach (var chunk in chunks)
        {
            assembly.Add(chunk);
        }

        return assembly;
    }

    /// <summary>The request's <c>messages</c> as they were sent; an empty array where it has none.</summary>
    public static byte[] Messages(ReadOnlyMemory<byte> request)
    {
        try
        {
            using var document = JsonDocument.Parse(request);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("messages", out var messages)
                ? JsonMarshal.GetRawUtf8Value(messages).ToArray()
                : "[]"u8.ToArray();
        }
        catch (JsonException)
        {
            return "[]"u8.ToArray();
        }
    }

    /// <summary>A chunk without a text or tool call adds nothing.</summary>
    public void Add(ReadOnlyMemory<byte> chunk)
    {
        using var document = JsonDocument.Parse(chunk);
        if (First(document.RootElement) is not { } choice || Object(choice, "delta") is not { } delta)
        {
            return;
        }

        if (String(delta, "content") is { } text)
        {
            _text.Append(text);
        }

        if (delta.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array)
        {
            foreach (var call in calls.EnumerateArray().Where(call => call.ValueKind == JsonValueKind.Object))
            {
                AddCall(call);
            }
        }
    }

    private static JsonElement? First(JsonElement chunk)
    {
        if (chunk.ValueKind == JsonValueKind.Object && chunk.TryGetProperty("choices", out var choices) && choices.ValueKind == JsonValueKind.Array)
        {
            foreach (var choice in choices.EnumerateArray())
            {
                if (choice.ValueKind == JsonValueKind.Object && Index(choice) == 0)
                {
                    return choice;
                }
            }
        }

        return null;
    }

    private static int Index(JsonElement of) =>
        of.TryGetProperty("index", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var index) ? index : 0;

    private static JsonElement? Object(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? String(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private void AddCall(JsonElement part)
    {
        var index = Index(part);
        if (!_calls.TryGetValue(index, out var call))
        {
            call = _calls[index] = new JsonObject
            {
                ["id"] = "",
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = "", ["arguments"] = "" },
            };
        }

        call["id"] = String(part, "id") ?? call["id"]!.GetValue<string>();
        if (Object(part, "function") is { } function)
        {
            var whole = call["function"]!;
            whole["name"] = whole["name"]!.GetValue<string>() + String(function, "name");
            whole["arguments"] = whole["arguments"]!.GetValue<string>() + String(function, "arguments");
        }
    }
}
