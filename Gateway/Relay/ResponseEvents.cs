using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Core.Streams;
using Fairway.Gateway.Streams;

namespace Fairway.Gateway.Relay;

/// <summary>
/// Turns the frames of a version, from the first on, into the events of a response. The same frames give the same events with the same
/// numbers, however they came and whoever reads, so that a number is a position.
/// </summary>
/// <param name="chat">The stored request.</param>
/// <param name="startingAfter">Events up to this number are counted, not written; <see cref="int.MaxValue"/> writes none.</param>
internal sealed class ResponseEvents(long version, JsonObject chat, int startingAfter)
{
    /// <summary>No frame gives so many events for each of its bytes; see <see cref="Skip"/>.</summary>
    private const int EventsAByte = 8;

    private readonly Response _response = new(version, chat);
    private readonly SortedDictionary<int, CallItem> _calls = [];
    private readonly List<byte[]> _written = [];
    private MessageItem? _message;
    private int _sequence;
    private int _nextFrame;
    private bool _hasBegun;

    /// <summary>The response as far as the frames so far tell.</summary>
    public JsonObject Snapshot() => _response.ToJson();

    /// <summary>Events before the first frame. Call it first, once.</summary>
    public IReadOnlyList<byte[]> Open()
    {
        _written.Clear();
        Announce("response.created");
        if (_response.IsBackground)
        {
            Announce("response.queued");
        }

        return _written;
    }

    /// <summary>The events that a frame gives, each a whole SSE block; valid until the next call.</summary>
    public IReadOnlyList<byte[]> Take(in SseFrame frame)
    {
        _written.Clear();
        if (!_hasBegun)
        {
            _hasBegun = true;
            _response.Status = "in_progress";
            Announce("response.in_progress");
        }

        Skip(frame);
        if (frame.IsTerminal)
        {
            End(frame);
        }
        else if (JsonNode.Parse(frame.Data.Span) is JsonObject chunk)
        {
            Add(chunk);
        }

        return _written;
    }

    /// <summary>
    /// Where frames are gone for good, whoever had read them must still see that this event is new to him, so its number jumps past any
    /// that they can have given.
    /// </summary>
    private void Skip(in SseFrame frame)
    {
        if (frame.Offset > _nextFrame)
        {
            _sequence = Math.Max(_sequence, EventsAByte * Math.Min(frame.Offset, int.MaxValue / (2 * EventsAByte)));
        }

        _nextFrame = frame.Offset + 1;
    }

    private void Add(JsonObject chunk)
    {
        _response.Add(chunk);
        foreach (var choice in (chunk["choices"] as JsonArray ?? []).OfType<JsonObject>().Where(choice => Number(choice["index"]) == 0))
        {
            _response.Finish = Text(choice["finish_reason"]) ?? _response.Finish;
            if (choice["delta"] is not JsonObject delta)
            {
                continue;
            }

            if (Text(delta["content"]) is { Length: > 0 } text)
            {
                AddText(text, choice["logprobs"]?["content"] as JsonArray, isRefusal: false);
            }

            if (Text(delta["refusal"]) is { Length: > 0 } refusal)
            {
                AddText(refusal, null, isRefusal: true);
            }

            foreach (var part in (delta["tool_calls"] as JsonArray ?? []).OfType<JsonObject>())
            {
                AddCall(part);
            }
        }
    }

    private void AddText(string text, JsonArray? logProbabilities, bool isRefusal)
    {
        if (_message is null || _message.IsRefusal != isRefusal)
        {
            CloseMessage("completed");
            _message = _response.Add(index => new MessageItem(ResponseIds.Item("msg", version, index), index, isRefusal));
            Write("response.output_item.added", _message, static item => ("item", item.Empty()));
            WritePart("response.content_part.added", _message);
        }

        _message.Add(text);
        foreach (var one in logProbabilities ?? [])
        {
            _message.LogProbabilities.Add(one?.DeepClone());
        }

        Write(isRefusal ? "response.refusal.delta" : "response.output_text.delta", json =>
        {
            AddPlace(json, _message);
            json["delta"] = text;
            if (!isRefusal)
            {
                json["logprobs"] = logProbabilities?.DeepClone() ?? new JsonArray();
            }
        });
    }

    private void AddCall(JsonObject part)
    {
        CloseMessage("completed");
        var index = Number(part["index"]);
        var function = part["function"] as JsonObject ?? [];
        if (!_calls.TryGetValue(index, out var call))
        {
            call = _calls[index] = _response.Add(at => new CallItem(ResponseIds.Item("fc", version, at), at)
            {
                CallId = Text(part["id"]) is { Length: > 0 } given ? given : ResponseIds.Item("call", version, at),
                Name = Text(function["name"]) ?? "",
            });
            Write("response.output_item.added", call, static item => ("item", item.ToJson()));
        }

        if (Text(function["arguments"]) is { Length: > 0 } arguments)
        {
            call.Add(arguments);
            Write("response.function_call_arguments.delta", call, _ => ("delta", arguments));
        }
    }

    private void End(in SseFrame terminal)
    {
        var error = RelayError.Of(terminal);
        _response.End(error, wasStopped: terminal.Kind == FrameKind.Stop && terminal.Data.Span.SequenceEqual(Terminals.Stopped.Data.Span));
        var status = _response.Status == "completed" ? "completed" : "incomplete";
        CloseMessage(status);
        foreach (var call in _calls.Values)
        {
            call.Status = status;
            Write("response.function_call_arguments.done", call, static item => ("arguments", item.Arguments), json => json["name"] = call.Name);
            Write("response.output_item.done", call, static item => ("item", item.ToJson()));
        }

        Announce($"response.{_response.Status}");
    }

    private void CloseMessage(string status)
    {
        if (_message is not { } message)
        {
            return;
        }

        message.Status = status;
        Write(message.IsRefusal ? "response.refusal.done" : "response.output_text.done", json =>
        {
            AddPlace(json, message);
            json[message.IsRefusal ? "refusal" : "text"] = message.Text;
            if (!message.IsRefusal)
            {
                json["logprobs"] = message.LogProbabilities.DeepClone();
            }
        });
        WritePart("response.content_part.done", message);
        Write("response.output_item.done", message, static item => ("item", item.ToJson()));
        _message = null;
    }

    private void Announce(string type) => Write(type, json => json["response"] = _response.ToJson());

    private void WritePart(string type, MessageItem message) => Write(type, json =>
    {
        AddPlace(json, message);
        json["part"] = message.Part();
    });

    private static void AddPlace(JsonObject json, MessageItem message) =>
        (json["item_id"], json["output_index"], json["content_index"]) = (message.Id, message.Index, 0);

    private void Write<TItem>(string type, TItem item, Func<TItem, (string Name, JsonNode? Value)> content, Action<JsonObject>? more = null)
        where TItem : ResponseItem => Write(type, json =>
    {
        json["output_index"] = item.Index;
        var (name, value) = content(item);
        if (name != "item")
        {
            json["item_id"] = item.Id;
        }

        json[name] = value;
        more?.Invoke(json);
    });

    private void Write(string type, Action<JsonObject> fill)
    {
        var number = _sequence++;
        if (number <= startingAfter)
        {
            return;
        }

        var json = new JsonObject { ["type"] = type, ["sequence_number"] = number };
        fill(json);
        _written.Add([.. Encoding.ASCII.GetBytes($"event: {type}\ndata: "), .. JsonSerializer.SerializeToUtf8Bytes(json, ResponseJson.Relaxed.JsonNode), .. "\n\n"u8]);
    }

    private static int Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out var number) ? number : 0;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
