using System.Text;
using System.Text.Json.Nodes;

namespace Fairway.Gateway.Relay;

/// <summary>One item of a response's output, as far as it has come.</summary>
internal abstract class ResponseItem(string id, int index)
{
    public string Id { get; } = id;

    /// <summary>Its <c>output_index</c>.</summary>
    public int Index { get; } = index;

    /// <summary><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</summary>
    public string Status { get; set; } = "in_progress";

    public bool IsOpen => Status == "in_progress";

    public abstract JsonObject ToJson();
}

/// <summary>A message of one part: text, or a refusal.</summary>
internal sealed class MessageItem(string id, int index, bool isRefusal) : ResponseItem(id, index)
{
    private readonly StringBuilder _text = new();

    public bool IsRefusal { get; } = isRefusal;

    public string Text => _text.ToString();

    public JsonArray LogProbabilities { get; } = [];

    public void Add(string piece) => _text.Append(piece);

    public JsonObject Part() => IsRefusal
        ? new JsonObject { ["type"] = "refusal", ["refusal"] = Text }
        : new JsonObject { ["type"] = "output_text", ["text"] = Text, ["annotations"] = new JsonArray(), ["logprobs"] = LogProbabilities.DeepClone() };

    public override JsonObject ToJson() => Message(_text.Length > 0 ? [Part()] : []);

    /// <summary>As it is when it is announced: without its part.</summary>
    public JsonObject Empty() => Message([]);

    private JsonObject Message(JsonArray content) => new()
    {
        ["id"] = Id, ["type"] = "message", ["status"] = Status, ["role"] = "assistant", ["content"] = content,
    };
}

/// <summary>A function that the model wants called.</summary>
internal sealed class CallItem(string id, int index) : ResponseItem(id, index)
{
    private readonly StringBuilder _arguments = new();

    public string CallId { get; set; } = "";

    public string Name { get; set; } = "";

    public string Arguments => _arguments.ToString();

    public void Add(string piece) => _arguments.Append(piece);

    public override JsonObject ToJson() => new()
    {
        ["id"] = Id, ["type"] = "function_call", ["status"] = Status, ["call_id"] = CallId, ["name"] = Name, ["arguments"] = Arguments,
    };
}
