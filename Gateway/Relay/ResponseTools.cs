using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Relay;

/// <summary>The tools of a response as those of a chat request. Functions alone: nothing here runs a tool.</summary>
internal static class ResponseTools
{
    /// <exception cref="ApiException"><c>BAD_FIELD</c>.</exception>
    public static void AddTo(JsonObject chat, JsonObject body)
    {
        if (body["tools"] is not { } given)
        {
            chat.Remove("parallel_tool_calls"); // models refuse it without tools
            return;
        }

        var tools = given as JsonArray ?? throw ApiException.BadField("tools", "must be an array");
        if (tools.Count > 0)
        {
            chat["tools"] = new JsonArray([.. tools.Select((tool, index) => Tool(tool, $"tools[{index}]"))]);
        }

        switch (body["tool_choice"])
        {
            case null:
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                chat["tool_choice"] = value.DeepClone();
                break;
            case JsonObject choice when choice["type"]?.ToString() == "function" && choice["name"] is { } name:
                chat["tool_choice"] = new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name.DeepClone() } };
                break;
            default:
                throw ApiException.BadField("tool_choice", "must be none, auto, required or a function");
        }
    }

    private static JsonObject Tool(JsonNode? node, string at)
    {
        if (node is not JsonObject tool || tool["type"]?.ToString() != "function" || tool["name"] is not JsonValue)
        {
            throw ApiException.BadField(at, "must be a function with a name; this Gateway runs no tools of its own");
        }

        var function = new JsonObject();
        foreach (var field in (string[])["name", "description", "parameters", "strict"])
        {
            if (tool[field] is { } value)
            {
                function[field] = value.DeepClone();
            }
        }

        return new JsonObject { ["type"] = "function", ["function"] = function };
    }
}
