using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Gateway.Generation;
using Fairway.Gateway.Http;
using Fairway.Gateway.Streams;

namespace Fairway.Gateway.Relay;

/// <summary>A request of the Responses API, and the chat request that it becomes. docs/relay.md has the mapping.</summary>
internal sealed record ResponseRequest
{
    /// <summary>Fields that have a meaning of their own here; all others go on to the model as they are.</summary>
    private static readonly HashSet<string> Own = new(StringComparer.Ordinal)
    {
        "background", "context_management", "conversation", "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "previous_response_id",
        "prompt", "reasoning", "store", "stream", "stream_options", "text", "tool_choice", "tools", "top_logprobs", "truncation",
    };

    /// <summary>Fields that a response repeats.</summary>
    private static readonly string[] Repeated =
    [
        "background", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls", "previous_response_id", "prompt_cache_key",
        "reasoning", "safety_identifier", "service_tier", "store", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user",
    ];

    /// <summary>The chat request, with <see cref="UpstreamRequest.ResponseField"/>.</summary>
    public required JsonObject Chat { get; init; }

    public required bool IsStream { get; init; }

    /// <summary>The answer comes whether or not its caller stays.</summary>
    public required bool IsBackground { get; init; }

    /// <summary>The answer can be asked for later.</summary>
    public required bool IsStored { get; init; }

    /// <summary>A conversation of <c>/v1/streams</c> that the call belongs to.</summary>
    public string? Conversation { get; init; }

    public string? PreviousResponseId { get; init; }

    public byte[] Bytes => JsonSerializer.SerializeToUtf8Bytes(Chat, ResponseJson.Relaxed.JsonNode);

    /// <exception cref="ApiException"><c>BODY_TOO_LARGE</c>, <c>BAD_JSON</c>, <c>BAD_FIELD</c>, <c>BAD_NAME</c>.</exception>
    /// <exception cref="RelayException"><c>model_not_found</c>.</exception>
    public static ResponseRequest Read(JsonObject body, ModelsOptions models)
    {
        var fields = new Fields(body);
        var model = RelayRequest.CheckModel(models, fields.Text("model"));
        foreach (var field in (string[])["prompt", "context_management"])
        {
            if (body[field] is not null)
            {
                throw ApiException.BadField(field, "is not offered by this Gateway");
            }
        }

        var isBackground = fields.Flag("background") ?? false;
        var conversation = fields.Text("conversation") is { } name ? ConversationName.Read(name) : null;
        var isStored = fields.Flag("store") ?? conversation is null;
        if (isBackground && (!isStored || conversation is not null))
        {
            throw ApiException.BadField("background", "needs a response that is stored, outside any conversation");
        }

        return new ResponseRequest
        {
            Chat = ToChat(body, fields, model),
            IsStream = fields.Flag("stream") ?? false,
            IsBackground = isBackground,
            IsStored = isStored && conversation is null,
            Conversation = conversation,
            PreviousResponseId = fields.Text("previous_response_id"),
        };
    }

    /// <summary>Puts an earlier exchange before this one's messages; instructions are not inherited.</summary>
    public void Follow(JsonArray earlier)
    {
        var messages = (JsonArray)Chat["messages"]!;
        var at = HasInstructions(Chat) ? 1 : 0;
        foreach (var message in earlier)
        {
            messages.Insert(at++, message?.DeepClone());
        }
    }

    /// <summary>The messages of a stored chat request, but its instructions.</summary>
    public static JsonArray MessagesOf(JsonObject chat)
    {
        var messages = (JsonArray)chat["messages"]!.DeepClone();
        if (HasInstructions(chat))
        {
            messages.RemoveAt(0);
        }

        return messages;
    }

    private static bool HasInstructions(JsonObject chat) => chat[UpstreamRequest.ResponseField]?["instructions"] is not null;

    private static JsonObject ToChat(JsonObject body, Fields fields, string model)
    {
        var messages = ResponseInput.ToMessages(body["input"]);
        if (fields.Text("instructions", int.MaxValue) is { } instructions)
        {
            messages.Insert(0, ResponseInput.Message("system", instructions));
        }

        var chat = new JsonObject { ["model"] = model, ["messages"] = messages };
        foreach (var (name, value) in body)
        {
            if (!Own.Contains(name) && name != "model" && value is not null)
            {
                chat[name] = value.DeepClone();
            }
        }

        ResponseTools.AddTo(chat, body);
        AddOutputLimits(chat, body, fields);
        var repeated = new JsonObject();
        foreach (var name in Repeated)
        {
            if (body[name] is { } value)
            {
                repeated[name] = value.DeepClone();
            }
        }

        chat[UpstreamRequest.ResponseField] = repeated;
        chat["stream_options"] = new JsonObject { ["include_usage"] = true };
        return chat;
    }

    private static void AddOutputLimits(JsonObject chat, JsonObject body, Fields fields)
    {
        if (fields.Whole("max_output_tokens", 1, int.MaxValue) is { } most)
        {
            chat["max_completion_tokens"] = most;
        }

        if (fields.Whole("top_logprobs", 0, 20) is { } top)
        {
            (chat["logprobs"], chat["top_logprobs"]) = (true, top);
        }

        if (body["reasoning"]?["effort"] is { } effort)
        {
            chat["reasoning_effort"] = effort.DeepClone();
        }

        if (body["text"] is JsonObject text)
        {
            if (text["verbosity"] is { } verbosity)
            {
                chat["verbosity"] = verbosity.DeepClone();
            }

            if (text["format"] is JsonObject format && format["type"]?.ToString() is { } type and not "text")
            {
                chat["response_format"] = type == "json_schema" ? SchemaOf(format) : format.DeepClone();
            }
        }
    }

    private static JsonObject SchemaOf(JsonObject format)
    {
        var schema = (JsonObject)format.DeepClone();
        schema.Remove("type");
        return new JsonObject { ["type"] = "json_schema", ["json_schema"] = schema };
    }
}
