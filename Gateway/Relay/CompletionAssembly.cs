using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Gateway.Streams;

namespace Fairway.Gateway.Relay;

/// <summary>
/// Puts the chunks of a streamed chat completion together into one <c>chat.completion</c>: every choice with its text, refusal, tool calls,
/// log probabilities and finish reason. Text that this code knows nothing of, such as a model's reasoning, is joined likewise.
/// </summary>
internal sealed class CompletionAssembly
{
    private readonly JsonObject _head = [];
    private readonly SortedDictionary<int, Choice> _choices = [];
    private JsonNode? _usage;

    public static CompletionAssembly Of(ReadOnlySpan<SseFrame> frames)
    {
        var assembly = new CompletionAssembly();
        foreach (var frame in frames)
        {
            if (!frame.IsTerminal)
            {
                assembly.Add(frame.Data.Span);
            }
        }

        return assembly;
    }

    public void Add(ReadOnlySpan<byte> chunk)
    {
        if (JsonNode.Parse(chunk) is not JsonObject root)
        {
            return;
        }

        foreach (var (name, value) in root)
        {
            switch (name)
            {
                case "choices":
                    AddChoices(value as JsonArray ?? []);
                    break;
                case "usage":
                    _usage = value?.DeepClone() ?? _usage;
                    break;
                default:
                    _head[name] = value?.DeepClone() ?? _head[name]?.DeepClone();
                    break;
            }
        }
    }

    /// <summary>The whole answer, in UTF-8.</summary>
    public byte[] ToJson()
    {
        var whole = new JsonObject { ["id"] = null, ["object"] = "chat.completion" };
        foreach (var (name, value) in _head)
        {
            if (name != "object")
            {
                whole[name] = value?.DeepClone();
            }
        }

        whole["choices"] = new JsonArray([.. _choices.Select(entry => entry.Value.ToJson(entry.Key))]);
        if (_usage is not null)
        {
            whole["usage"] = _usage;
        }

        return JsonSerializer.SerializeToUtf8Bytes(whole, ResponseJson.Relaxed.JsonNode);
    }

    private void AddChoices(JsonArray choices)
    {
        foreach (var given in choices.OfType<JsonObject>())
        {
            var index = IndexOf(given);
            if (!_choices.TryGetValue(index, out var choice))
            {
                choice = _choices[index] = new Choice();
            }

            choice.Add(given);
        }
    }

    private static int IndexOf(JsonObject of) => of["index"] is JsonValue value && value.TryGetValue<int>(out var index) ? index : 0;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private sealed class Choice
    {
        private readonly JsonObject _rest = [];
        private readonly SortedDictionary<string, StringBuilder> _texts = new(StringComparer.Ordinal);
        private readonly SortedDictionary<int, JsonObject> _calls = [];
        private readonly Dictionary<string, JsonArray> _logProbabilities = [];
        private JsonObject? _function;
        private string? _finish;

        public void Add(JsonObject choice)
        {
            _finish = Text(choice["finish_reason"]) ?? _finish;
            foreach (var (name, list) in choice["logprobs"] as JsonObject ?? [])
            {
                if (list is JsonArray items)
                {
                    var all = _logProbabilities.TryGetValue(name, out var known) ? known : _logProbabilities[name] = [];
                    foreach (var item in items)
                    {
                        all.Add(item?.DeepClone());
                    }
                }
            }

            foreach (var (name, value) in choice["delta"] as JsonObject ?? [])
            {
                AddPart(name, value);
            }
        }

        public JsonObject ToJson(int index)
        {
            var message = new JsonObject { ["role"] = _rest["role"]?.DeepClone() ?? "assistant", ["content"] = null, ["refusal"] = null };
            foreach (var (name, value) in _rest)
            {
                message[name] = value?.DeepClone();
            }

            foreach (var (name, text) in _texts)
            {
                message[name] = text.ToString();
            }

            if (_calls.Count > 0)
            {
                message["tool_calls"] = new JsonArray([.. _calls.Values]);
                message["content"] = Text(message["content"]) is { Length: > 0 } text ? text : null;
            }

            if (_function is not null)
            {
                message["function_call"] = _function;
            }

            return new JsonObject
            {
                ["index"] = index,
                ["message"] = message,
                ["logprobs"] = _logProbabilities.Count == 0
                    ? null
                    : new JsonObject(_logProbabilities.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))),
                ["finish_reason"] = _finish ?? "stop", // an answer that its user stopped has none of its own
            };
        }

        private void AddPart(string name, JsonNode? value)
        {
            switch (name, value)
            {
                case (_, null):
                    break;
                case ("role", _):
                    _rest["role"] = value.DeepClone();
                    break;
                case ("tool_calls", JsonArray parts):
                    foreach (var part in parts.OfType<JsonObject>())
                    {
                        Join(_calls.TryGetValue(IndexOf(part), out var known) ? known : _calls[IndexOf(part)] = [], part);
                    }

                    break;
                case ("function_call", JsonObject part):
                    Join(_function ??= [], part);
                    break;
                case (_, JsonValue) when Text(value) is { } text:
                    (_texts.TryGetValue(name, out var sum) ? sum : _texts[name] = new StringBuilder()).Append(text);
                    break;
                default:
                    _rest[name] = value.DeepClone();
                    break;
            }
        }

        /// <summary>Pieces of a call: arguments are joined, everything else is said once.</summary>
        private static void Join(JsonObject whole, JsonObject part)
        {
            foreach (var (name, value) in part)
            {
                switch (name, value)
                {
                    case ("index", _) or (_, null):
                        break;
                    case (_, JsonObject inner):
                        if (whole[name] is not JsonObject known)
                        {
                            whole[name] = known = [];
                        }

                        Join(known, inner);
                        break;
                    case ("arguments", _) when Text(value) is { } piece:
                        whole[name] = Text(whole[name]) + piece;
                        break;
                    case (_, _) when Text(value) is { Length: 0 } && whole[name] is not null:
                        break;
                    default:
                        whole[name] = value.DeepClone();
                        break;
                }
            }
        }
    }
}
