using System.Text.Json.Nodes;
using Fairway.Gateway.Generation;

namespace Fairway.Gateway.Relay;

/// <summary>A response object of the Responses API, as far as it has come.</summary>
/// <param name="chat">The stored request; what the response repeats of it stands in <see cref="UpstreamRequest.ResponseField"/>.</param>
internal sealed class Response(long version, JsonObject chat)
{
    private readonly JsonObject _asked = chat[UpstreamRequest.ResponseField] as JsonObject ?? [];
    private readonly List<ResponseItem> _output = [];
    private JsonObject? _usage;
    private RelayError? _error;
    private string? _incomplete;

    public bool IsBackground => _asked["background"] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    /// <summary><c>queued in_progress completed incomplete failed cancelled</c>; null until the first frame.</summary>
    public string? Status { get; set; }

    /// <summary>The model's own word on why it ended.</summary>
    public string? Finish { get; set; }

    public TItem Add<TItem>(Func<int, TItem> make)
        where TItem : ResponseItem
    {
        var item = make(_output.Count);
        _output.Add(item);
        return item;
    }

    /// <summary>What a chunk says beside its choices.</summary>
    public void Add(JsonObject chunk)
    {
        if (chunk["usage"] is JsonObject usage)
        {
            _usage = usage;
        }
    }

    public void End(RelayError? error, bool wasStopped)
    {
        _error = error;
        _incomplete = Finish switch
        {
            "length" => "max_output_tokens",
            "content_filter" => "content_filter",
            _ => null,
        };
        Status = error is not null ? "failed" : wasStopped ? "cancelled" : _incomplete is not null ? "incomplete" : "completed";
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["id"] = ResponseIds.Of(version),
            ["object"] = "response",
            ["created_at"] = version / 1000, // a version is the time of its request in ms
            ["status"] = Status ?? (IsBackground ? "queued" : "in_progress"),
            ["background"] = IsBackground,
            ["error"] = _error is null ? null : new JsonObject { ["code"] = _error.Status == 429 ? "rate_limit_exceeded" : "server_error", ["message"] = $"{_error.Code}: {_error.Message}" },
            ["incomplete_details"] = _incomplete is null || Status != "incomplete" ? null : new JsonObject { ["reason"] = _incomplete },
            ["instructions"] = null,
            ["max_output_tokens"] = null,
            ["metadata"] = new JsonObject(),
            ["model"] = chat["model"]?.DeepClone(),
            ["output"] = new JsonArray([.. _output.Select(item => item.ToJson())]),
            ["parallel_tool_calls"] = true,
            ["previous_response_id"] = null,
            ["reasoning"] = new JsonObject { ["effort"] = null, ["summary"] = null },
            ["store"] = true,
            ["temperature"] = 1.0,
            ["text"] = new JsonObject { ["format"] = new JsonObject { ["type"] = "text" } },
            ["tool_choice"] = "auto",
            ["tools"] = new JsonArray(),
            ["top_p"] = 1.0,
            ["truncation"] = "disabled",
            ["usage"] = Usage(),
            ["user"] = null,
        };
        foreach (var (name, value) in _asked)
        {
            json[name] = value?.DeepClone();
        }

        return json;
    }

    private JsonObject? Usage() => _usage is null ? null : new JsonObject
    {
        ["input_tokens"] = Number(_usage["prompt_tokens"]),
        ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = Number(_usage["prompt_tokens_details"]?["cached_tokens"]) },
        ["output_tokens"] = Number(_usage["completion_tokens"]),
        ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = Number(_usage["completion_tokens_details"]?["reasoning_tokens"]) },
        ["total_tokens"] = Number(_usage["total_tokens"]),
    };

    private static long Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<long>(out var number) ? number : 0;
}
