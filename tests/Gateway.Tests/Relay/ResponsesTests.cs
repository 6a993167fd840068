using System.Net;
using System.Text.Json;
using Fairway.Gateway.Tests.Generation;
using Fairway.Gateway.Tests.Streams;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Relay;

/// <summary>The Responses API over the same buffers: events, their numbers, and what is left for those who come later.</summary>
[Collection(RelayCollection.Name)]
public sealed class ResponsesTests(RelayFixture fixture)
{
    private const string Path = "/v1/responses";

    [Fact]
    public async Task Post_Plain_IsTheWholeResponse()
    {
        var answer = await fixture.NewUser().SendAsync(HttpMethod.Post, Path, Ask("demo", more: ",\"metadata\":{\"k\":\"v\"},\"instructions\":\"Be brief.\",\"temperature\":0.5"));

        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.Status, answer.ContentType));
        var response = answer.Json;
        Assert.Equal(("response", "completed", "demo", "Be brief."), (Text(response, "object"), Text(response, "status"), Text(response, "model"), Text(response, "instructions")));
        Assert.Equal("v", Text(response.GetProperty("metadata"), "k"));
        Assert.Equal(0.5, response.GetProperty("temperature").GetDouble());
        Assert.Equal(JsonValueKind.Null, response.GetProperty("error").ValueKind);
        var item = Assert.Single(response.GetProperty("output").EnumerateArray());
        Assert.Equal(("message", "completed", "assistant"), (Text(item, "type"), Text(item, "status"), Text(item, "role")));
        Assert.NotEqual("", Text(item.GetProperty("content")[0], "text"));
        Assert.True(response.GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Post_ToolsAndInput_BecomeAChatRequest()
    {
        fixture.Model.Raw = ModelServer.Lines("data: {\"choices\":[]}\n\ndata: [DONE]\n\n");
        const string Body = """
            {"model":"raw","instructions":"Be brief.","max_output_tokens":50,"reasoning":{"effort":"low"},"parallel_tool_calls":false,
             "text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object"},"strict":true}},"store":false,"extra":{"x":1},
             "tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true}],"tool_choice":{"type":"function","name":"f"},
             "input":[{"role":"developer","content":"D"},{"type":"message","role":"user","content":[{"type":"input_text","text":"U"},{"type":"input_image","image_url":"data:,","detail":"low"}]},
               {"type":"reasoning","id":"r","summary":[]},
               {"type":"message","role":"assistant","content":[{"type":"output_text","text":"A","annotations":[]}]},
               {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"c2","name":"f","arguments":"[]"},
               {"type":"function_call_output","call_id":"c1","output":"done"}]}
            """;

        Assert.Equal(HttpStatusCode.OK, (await fixture.NewUser().SendAsync(HttpMethod.Post, Path, Body)).Status);

        RelayCases.AssertJson(
            """
            {"model":"raw","stream":true,"messages":[{"role":"system","content":"Be brief."},{"role":"system","content":"D"},
              {"role":"user","content":[{"type":"text","text":"U"},{"type":"image_url","image_url":{"url":"data:,","detail":"low"}}]},
              {"role":"assistant","content":"A","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"c2","type":"function","function":{"name":"f","arguments":"[]"}}]},
              {"role":"tool","tool_call_id":"c1","content":"done"}],
             "parallel_tool_calls":false,"extra":{"x":1},"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}],
             "tool_choice":{"type":"function","function":{"name":"f"}},"max_completion_tokens":50,"reasoning_effort":"low",
             "response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"},"strict":true}},"stream_options":{"include_usage":true}}
            """,
            fixture.Model.Requests.Last().Body);
    }

    [Fact]
    public async Task Post_Stream_HasTheEventsOfAMessageInOrder()
    {
        fixture.Model.Raw = ModelServer.Lines("""
            data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}

            data: {"choices":[{"index":0,"delta":{"content":"A"}}]}

            data: {"choices":[{"index":0,"delta":{"content":"B"}}]}

            data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}

            data: [DONE]


            """);

        var events = Events(await fixture.NewUser().SendAsync(HttpMethod.Post, Path, Ask("raw", more: ",\"stream\":true")));

        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.incomplete",
            ],
            events.Select(one => Text(one, "type")));
        Assert.Equal(Enumerable.Range(0, 10), events.Select(Number));
        Assert.Equal("AB", Text(events[6], "text"));
        var response = events[^1].GetProperty("response");
        Assert.Equal("max_output_tokens", Text(response.GetProperty("incomplete_details"), "reason"));
        Assert.Equal("AB", Text(response.GetProperty("output")[0].GetProperty("content")[0], "text"));
        Assert.All(events.Skip(2).Take(7), one => Assert.Equal(0, one.GetProperty("output_index").GetInt32()));
    }

    [Fact]
    public async Task Post_StreamOfAToolCall_HasItsArguments()
    {
        var events = Events(await fixture.NewUser().SendAsync(
            HttpMethod.Post, Path, Ask("tool", more: ",\"stream\":true,\"tools\":[{\"type\":\"function\",\"name\":\"tide_at\",\"parameters\":{}}]")));

        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.delta",
                "response.function_call_arguments.done", "response.output_item.done", "response.completed",
            ],
            events.Select(one => Text(one, "type")));
        Assert.Equal("""{"port":"Hamburg"}""", Text(events[5], "arguments"));
        var item = events[6].GetProperty("item");
        Assert.Equal(("function_call", "call_tide", "tide_at", "completed"), (Text(item, "type"), Text(item, "call_id"), Text(item, "name"), Text(item, "status")));
    }

    [Fact]
    public async Task Background_IsQueuedThenCompletedWithItsEventsForEveryReader()
    {
        var user = fixture.NewUser();
        var queued = await user.SendAsync(HttpMethod.Post, Path, Ask("demo", """{"firstTokenMs":50,"tokensPerSecond":200,"tokens":20}""", ",\"background\":true"));
        Assert.Equal("queued", Text(queued.Json, "status"));
        var id = Text(queued.Json, "id")!;

        var whole = Events(await user.SendAsync(HttpMethod.Get, $"{Path}/{id}?stream=true"));
        var response = await user.SendAsync(HttpMethod.Get, $"{Path}/{id}");
        var rest = Events(await user.SendAsync(HttpMethod.Get, $"{Path}/{id}?stream=true&starting_after=7"));
        var none = await user.SendAsync(HttpMethod.Get, $"{Path}/{id}?stream=true&starting_after={whole.Length - 1}");

        Assert.Equal(["response.created", "response.queued", "response.in_progress"], whole.Take(3).Select(one => Text(one, "type")));
        Assert.Equal(Enumerable.Range(0, whole.Length), whole.Select(Number));
        Assert.Equal(whole.Skip(8).Select(one => one.GetRawText()), rest.Select(one => one.GetRawText()));
        Assert.Equal((HttpStatusCode.OK, ""), (none.Status, none.Text));
        RelayCases.AssertJson(response.Text, whole[^1].GetProperty("response").GetRawText());
        Assert.Equal("completed", Text(response.Json, "status"));
    }

    [Fact]
    public async Task Background_ReaderLeavesAndComesBack_GetsTheRestOfTheSameRun()
    {
        var user = fixture.NewUser();
        var before = fixture.Model.Figures;
        var body = Ask("demo", """{"firstTokenMs":0,"tokensPerSecond":100,"tokens":100}""", ",\"background\":true,\"stream\":true");
        var first = new List<JsonElement>();
        await foreach (var one in FollowAsync(user, body))
        {
            first.Add(one);
            if (first.Count == 12)
            {
                break;
            }
        }

        var id = Text(first[0].GetProperty("response"), "id");
        var rest = Events(await user.SendAsync(HttpMethod.Get, $"{Path}/{id}?stream=true&starting_after=11"));

        Assert.Equal(Enumerable.Range(0, 12), first.Select(Number));
        Assert.Equal(Enumerable.Range(12, rest.Length), rest.Select(Number));
        Assert.Equal("response.completed", Text(rest[^1], "type"));
        Assert.Equal(before with { Calls = before.Calls + 1 }, fixture.Model.Figures);
    }

    [Fact]
    public async Task Cancel_Background_StopsTheModelAndIsCancelled()
    {
        var user = fixture.NewUser();
        var id = Text((await user.SendAsync(HttpMethod.Post, Path, Ask("slow", more: ",\"background\":true"))).Json, "id");
        await Eventually.True(() => fixture.Slow.Calls.Active == 1);

        var cancelled = await user.SendAsync(HttpMethod.Post, $"{Path}/{id}/cancel");
        var again = await user.SendAsync(HttpMethod.Post, $"{Path}/{id}/cancel");
        var events = Events(await user.SendAsync(HttpMethod.Get, $"{Path}/{id}?stream=true"));

        Assert.Equal(("cancelled", "cancelled"), (Text(cancelled.Json, "status"), Text(again.Json, "status")));
        Assert.Equal("response.cancelled", Text(events[^1], "type"));
        await Eventually.True(() => fixture.Slow.Calls.Active == 0);

        Assert.True((await user.SendAsync(HttpMethod.Delete, $"{Path}/{id}")).Json.GetProperty("deleted").GetBoolean());
        RelayCases.AssertError(await user.SendAsync(HttpMethod.Get, $"{Path}/{id}"), 404, "response_not_found", "invalid_request_error", "response_id");
    }

    [Fact]
    public async Task Post_CallerLeaves_ModelIsCancelledAndNothingIsKept()
    {
        var user = fixture.NewUser();
        string? id = null;
        await foreach (var one in FollowAsync(user, Ask("slow", more: ",\"stream\":true")))
        {
            id = Text(one.GetProperty("response"), "id");
            break;
        }

        await Eventually.True(() => fixture.Slow.Calls.Active == 0);
        await Eventually.TrueAsync(async () => (await user.SendAsync(HttpMethod.Get, $"{Path}/{id}")).Status == HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Post_PreviousResponse_ComesBeforeTheInputWithoutItsInstructions()
    {
        fixture.Model.Raw = ModelServer.Lines("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"One.\"}}]}\n\ndata: [DONE]\n\n");
        var user = fixture.NewUser();
        var first = await user.SendAsync(HttpMethod.Post, Path, """{"model":"raw","instructions":"I1","input":"First?"}""");
        var second = await user.SendAsync(HttpMethod.Post, Path, $$"""{"model":"raw","instructions":"I2","input":"Second?","previous_response_id":"{{Text(first.Json, "id")}}"}""");

        Assert.Equal(Text(first.Json, "id"), Text(second.Json, "previous_response_id"));
        using var sent = JsonDocument.Parse(fixture.Model.Requests.Last().Body);
        Assert.Equal(
            ["I2", "First?", "One.", "Second?"], sent.RootElement.GetProperty("messages").EnumerateArray().Select(message => Text(message, "content")));
        Assert.False(sent.RootElement.TryGetProperty("~response", out _));
        var unknown = await fixture.NewUser().SendAsync(HttpMethod.Post, Path, $$"""{"model":"raw","input":"x","previous_response_id":"{{Text(first.Json, "id")}}"}""");
        RelayCases.AssertError(unknown, 400, "previous_response_not_found", "invalid_request_error", "previous_response_id");
    }

    [Fact]
    public async Task Post_NotStored_IsGoneAtItsEnd()
    {
        var user = fixture.NewUser();
        var id = Text((await user.SendAsync(HttpMethod.Post, Path, Ask("demo", more: ",\"store\":false"))).Json, "id");

        Assert.Equal(HttpStatusCode.NotFound, (await user.SendAsync(HttpMethod.Get, $"{Path}/{id}")).Status);
    }

    [Theory]
    [InlineData("[]", "BAD_JSON", null)]
    [InlineData("""{"model":"demo"}""", "BAD_FIELD", "input")]
    [InlineData("""{"model":"demo","input":[]}""", "BAD_FIELD", "input")]
    [InlineData("""{"model":"demo","input":[{"type":"item_reference","id":"x"}]}""", "BAD_FIELD", "input[0]")]
    [InlineData("""{"model":"demo","input":[{"role":"tool","content":"x"}]}""", "BAD_FIELD", "input[0].role")]
    [InlineData("""{"model":"demo","input":"x","tools":[{"type":"web_search"}]}""", "BAD_FIELD", "tools[0]")]
    [InlineData("""{"model":"demo","input":"x","stream":1}""", "BAD_FIELD", "stream")]
    [InlineData("""{"model":"demo","input":"x","background":true,"store":false}""", "BAD_FIELD", "background")]
    [InlineData("""{"model":"demo","input":"x","prompt":{"id":"p"}}""", "BAD_FIELD", "prompt")]
    public async Task Post_BadRequest_IsAnErrorObject(string body, string code, string? param) =>
        RelayCases.AssertError(await fixture.NewUser().SendAsync(HttpMethod.Post, Path, body), 400, code, "invalid_request_error", param);

    [Theory]
    [InlineData("GET", "resp_1", 404, "response_not_found", "response_id")]
    [InlineData("GET", "nonsense", 404, "response_not_found", "response_id")]
    [InlineData("GET", "resp_1?stream=true&starting_after=-1", 400, "BAD_FIELD", "starting_after")]
    [InlineData("GET", "resp_1?stream=maybe", 400, "BAD_FIELD", "stream")]
    [InlineData("POST", "resp_1/cancel", 404, "response_not_found", "response_id")]
    [InlineData("DELETE", "resp_1", 404, "response_not_found", "response_id")]
    public async Task Call_UnknownResponse_IsAnErrorObject(string method, string path, int status, string code, string? param) =>
        RelayCases.AssertError(
            await fixture.NewUser().SendAsync(new HttpMethod(method), $"{Path}/{path}"), status, code, "invalid_request_error", param);

    [Fact]
    public async Task Get_AnAnswerThatIsNoResponse_IsNotFound()
    {
        var user = fixture.NewUser();
        var version = await user.AskAsync("hello");

        Assert.Equal(HttpStatusCode.NotFound, (await user.SendAsync(HttpMethod.Get, $"{Path}/resp_{version}")).Status);
    }

    [Fact]
    public async Task Model_Fails_IsAStatusInTheForegroundAndAnEventInTheBackground()
    {
        var user = fixture.NewUser();

        RelayCases.AssertError(
            await user.SendAsync(HttpMethod.Post, Path, Ask("busy", more: ",\"stream\":true")), 429, "UPSTREAM_RATE_LIMITED", "rate_limit_error");
        var events = Events(await user.SendAsync(HttpMethod.Post, Path, Ask("busy", more: ",\"stream\":true,\"background\":true")));
        var torn = Events(await user.SendAsync(HttpMethod.Post, Path, Ask("torn", more: ",\"stream\":true")));

        Assert.Equal(["response.created", "response.queued", "response.in_progress", "response.failed"], events.Select(one => Text(one, "type")));
        Assert.Equal("rate_limit_exceeded", Text(events[^1].GetProperty("response").GetProperty("error"), "code"));
        Assert.Equal("response.failed", Text(torn[^1], "type"));
        Assert.StartsWith("UPSTREAM_ERROR", Text(torn[^1].GetProperty("response").GetProperty("error"), "message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_KeepsWholeResponsesAndEndsBrokenOnesWhereEveryReaderSeesIt()
    {
        await using var host = await StreamHost.StartAsync("--Streams:DrainSeconds=0");
        var user = host.User("someone");
        var done = (await user.SendAsync(HttpMethod.Post, Path, Ask("demo"))).Json;
        var running = Text((await user.SendAsync(HttpMethod.Post, Path, Ask("demo", """{"firstTokenMs":0,"tokensPerSecond":50,"tokens":5000}""", ",\"background\":true"))).Json, "id");
        await Eventually.TrueAsync(async () => (await user.SendAsync(HttpMethod.Get, $"{Path}/{running}")).Json.GetProperty("output").GetArrayLength() > 0);

        await host.StopGatewayAsync();
        await host.StartGatewayAsync();

        user = host.User("someone");
        RelayCases.AssertJson(done.GetRawText(), (await user.SendAsync(HttpMethod.Get, $"{Path}/{Text(done, "id")}")).Text);
        await Eventually.TrueAsync(async () => Text((await user.SendAsync(HttpMethod.Get, $"{Path}/{running}")).Json, "status") == "failed");
        var events = Events(await user.SendAsync(HttpMethod.Get, $"{Path}/{running}?stream=true&starting_after=4"));
        Assert.Equal("response.failed", Text(events[^1], "type"));
        Assert.Equal(2, host.Model.Calls.Calls);
    }

    private static string Ask(string model, string? knobs = null, string more = "") =>
        $$"""{"model":"{{model}}","input":"What is a fairway?"{{(knobs is null ? "" : $",\"knobs\":{knobs}")}}{{more}}}""";

    private static string? Text(JsonElement of, string name) => of.GetProperty(name).GetString();

    private static int Number(JsonElement one) => one.GetProperty("sequence_number").GetInt32();

    private static JsonElement[] Events(Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        Assert.Equal("text/event-stream", answer.ContentType);
        return [.. answer.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(Event)];
    }

    private static JsonElement Event(string block)
    {
        var lines = block.Split('\n');
        var json = JsonDocument.Parse(lines[1]["data: ".Length..]).RootElement;
        Assert.Equal($"event: {Text(json, "type")}", lines[0]);
        return json;
    }

    /// <summary>Events of a posted stream as they come; leaving the loop leaves the connection.</summary>
    private async IAsyncEnumerable<JsonElement> FollowAsync(StreamUser user, string body)
    {
        using var request = RelayCases.Post(user, Path, body);
        using var response = await fixture.Gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, response.StatusCode.ToString());
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                yield return JsonDocument.Parse(line["data: ".Length..]).RootElement;
            }
        }
    }
}
