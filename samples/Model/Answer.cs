using System.Text.Json.Nodes;

namespace Fairway.Model;

/// <summary>One answer, as chunks of a stream or whole.</summary>
internal sealed class Answer(ChatRequest request, TimeProvider time)
{
    private readonly string _id = $"chatcmpl-{Guid.CreateVersion7(time.GetUtcNow()):N}";
    private readonly long _created = time.GetUtcNow().ToUnixTimeSeconds();

    public async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(TimeSpan.FromMilliseconds(request.Knobs.FirstTokenMs), time, context.RequestAborted);

        var sent = 0;
        await foreach (var delta in PacedAsync(context.RequestAborted))
        {
            if (sent++ == request.Knobs.After && await FailedAsync(context))
            {
                return;
            }

            await SendAsync(context, Chunk(delta, finish: null));
        }

        await SendAsync(context, Chunk(new JsonObject(), request.Knobs.ToolCall ? "tool_calls" : "stop"));
        if (request.IncludeUsage)
        {
            await SendAsync(context, Envelope("chat.completion.chunk", [], Usage(sent)));
        }

        await context.Response.WriteAsync("data: [DONE]\n\n", context.RequestAborted);
    }

    public async Task WriteWholeAsync(HttpContext context)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(request.Knobs.FirstTokenMs), time, context.RequestAborted);
        var tokens = Answers.To(request.Prompt, request.Knobs.Tokens).ToArray();
        var message = new JsonObject { ["role"] = "assistant", ["content"] = request.Knobs.ToolCall ? null : string.Concat(tokens) };
        if (request.Knobs.ToolCall)
        {
            message["tool_calls"] = new JsonArray(Call(withIndex: false, arguments: """{"port":"Hamburg"}"""));
        }

        var choice = new JsonObject { ["index"] = 0, ["message"] = message, ["finish_reason"] = request.Knobs.ToolCall ? "tool_calls" : "stop" };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(Envelope("chat.completion", [choice], Usage(tokens.Length)).ToJsonString(), context.RequestAborted);
    }

    private async Task<bool> FailedAsync(HttpContext context)
    {
        switch (request.Knobs.Failure)
        {
            case Failure.Stall:
                await Task.Delay(Timeout.InfiniteTimeSpan, time, context.RequestAborted);
                return true;
            case Failure.Truncate:
                context.Abort();
                return true;
            case Failure.EndEarly:
                return true;
            case Failure.ErrorInStream:
                await SendAsync(context, new JsonObject { ["error"] = new JsonObject { ["message"] = "The model lost its thread.", ["type"] = "server_error" } });
                return true;
            default:
                return false;
        }
    }

    private async IAsyncEnumerable<JsonObject> PacedAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var index = 0;
        foreach (var delta in Deltas())
        {
            if (request.Knobs.TokensPerSecond > 0)
            {
                var due = TimeSpan.FromSeconds(index++ / request.Knobs.TokensPerSecond) - time.GetElapsedTime(start);
                if (due > TimeSpan.Zero)
                {
                    await Task.Delay(due, time, cancellationToken);
                }
            }

            yield return delta;
        }
    }

    private IEnumerable<JsonObject> Deltas()
    {
        yield return new JsonObject { ["role"] = "assistant", ["content"] = request.Knobs.ToolCall ? null : "" };
        if (request.Knobs.ToolCall)
        {
            yield return new JsonObject { ["tool_calls"] = new JsonArray(Call(withIndex: true, arguments: "")) };
            foreach (var piece in (string[])["{\"port\":", "\"Hamburg\"}"])
            {
                var part = new JsonObject { ["index"] = 0, ["function"] = new JsonObject { ["arguments"] = piece } };
                yield return new JsonObject { ["tool_calls"] = new JsonArray(part) };
            }

            yield break;
        }

        foreach (var token in Answers.To(request.Prompt, request.Knobs.Tokens))
        {
            yield return new JsonObject { ["content"] = token };
        }
    }

    private static JsonObject Call(bool withIndex, string arguments)
    {
        var call = new JsonObject
        {
            ["id"] = "call_tide",
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = "tide_at", ["arguments"] = arguments },
        };
        if (withIndex)
        {
            call["index"] = 0;
        }

        return call;
    }

    private JsonObject Chunk(JsonObject delta, string? finish) =>
        Envelope("chat.completion.chunk", [new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }], usage: null);

    private JsonObject Envelope(string kind, JsonArray choices, JsonObject? usage)
    {
        var envelope = new JsonObject { ["id"] = _id, ["object"] = kind, ["created"] = _created, ["model"] = request.Model, ["choices"] = choices };
        if (usage is not null)
        {
            envelope["usage"] = usage;
        }

        return envelope;
    }

    private JsonObject Usage(int tokens)
    {
        var prompt = request.Prompt.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        return new JsonObject { ["prompt_tokens"] = prompt, ["completion_tokens"] = tokens, ["total_tokens"] = prompt + tokens };
    }

    private static async Task SendAsync(HttpContext context, JsonObject data)
    {
        await context.Response.WriteAsync($"data: {data.ToJsonString()}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
