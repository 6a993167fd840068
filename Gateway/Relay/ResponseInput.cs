using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Relay;

/// <summary>The <c>input</c> of a response as the messages of a chat request.</summary>
internal static class ResponseInput
{
    private const string Rule = "must be text, or an array of messages, function calls and their outputs";

    /// <exception cref="ApiException"><c>BAD_FIELD</c>.</exception>
    public static JsonArray ToMessages(JsonNode? input) => input switch
    {
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [Message("user", value.GetValue<string>())],
        JsonArray { Count: > 0 } items => OfItems(items),
        _ => throw ApiException.BadField("input", Rule),
    };

    public static JsonObject Message(string role, JsonNode? content) => new() { ["role"] = role, ["content"] = content };

    private static JsonArray OfItems(JsonArray items)
    {
        var messages = new JsonArray();
        for (var i = 0; i < items.Count; i++)
        {
            var at = $"input[{i}]";
            var item = items[i] as JsonObject ?? throw ApiException.BadField(at, "must be an object");
            switch (Text(item, "type") ?? "message")
            {
                case "message":
                    messages.Add(OfMessage(item, at));
                    break;
                case "function_call":
                    AddCall(messages, item, at);
                    break;
                case "function_call_output":
                    messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = Required(item, "call_id", at), ["content"] = Content(item["output"], $"{at}.output") });
                    break;
                case "reasoning":
                    break; // a chat request has no place for it
                case var other:
                    throw ApiException.BadField(at, $"is of the type '{other}', which this Gateway does not offer");
            }
        }

        return messages.Count > 0 ? messages : throw ApiException.BadField("input", Rule);
    }

    private static JsonObject OfMessage(JsonObject item, string at)
    {
        var role = Required(item, "role", at);
        if (role is not ("user" or "assistant" or "system" or "developer"))
        {
            throw ApiException.BadField($"{at}.role", "must be user, assistant, system or developer");
        }

        // Models that are not OpenAI's know no developer.
        return Message(role == "developer" ? "system" : role, Content(item["content"], $"{at}.content"));
    }

    /// <summary>Calls of one turn stand in one message of the assistant.</summary>
    private static void AddCall(JsonArray messages, JsonObject item, string at)
    {
        if (messages is not [.., JsonObject last] || last["role"]!.GetValue<string>() != "assistant")
        {
            messages.Add(last = Message("assistant", null));
        }

        if (last["tool_calls"] is not JsonArray calls)
        {
            last["tool_calls"] = calls = [];
        }

        calls.Add((JsonNode)new JsonObject
        {
            ["id"] = Required(item, "call_id", at),
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = Required(item, "name", at), ["arguments"] = Text(item, "arguments") ?? "" },
        });
    }

    private static JsonNode Content(JsonNode? content, string at)
    {
        switch (content)
        {
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                return value.DeepClone();
            case JsonArray { Count: > 0 } parts:
                JsonObject[] all = [.. parts.Select((part, index) => Part(part, $"{at}[{index}]"))];
                return all is [var only] && Text(only, "type") == "text" ? only["text"]!.DeepClone() : new JsonArray([.. all]);
            default:
                throw ApiException.BadField(at, "must be text or an array of parts");
        }
    }

    private static JsonObject Part(JsonNode? node, string at)
    {
        var part = node as JsonObject ?? throw ApiException.BadField(at, "must be an object");
        switch (Text(part, "type"))
        {
            case "input_text" or "output_text" or "text":
                return new JsonObject { ["type"] = "text", ["text"] = Required(part, "text", at) };
            case "refusal":
                return new JsonObject { ["type"] = "refusal", ["refusal"] = Required(part, "refusal", at) };
            case "input_image":
                var image = new JsonObject { ["url"] = Required(part, "image_url", at) };
                if (Text(part, "detail") is { } detail)
                {
                    image["detail"] = detail;
                }

                return new JsonObject { ["type"] = "image_url", ["image_url"] = image };
            case "input_file":
                var file = (JsonObject)part.DeepClone();
                file.Remove("type");
                return new JsonObject { ["type"] = "file", ["file"] = file };
            case var other:
                throw ApiException.BadField(at, $"is of the type '{other}', which this Gateway does not offer");
        }
    }

    private static string Required(JsonObject item, string field, string at) =>
        Text(item, field) ?? throw ApiException.BadField($"{at}.{field}", "is required and must be a string");

    private static string? Text(JsonObject item, string field) =>
        item[field] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
