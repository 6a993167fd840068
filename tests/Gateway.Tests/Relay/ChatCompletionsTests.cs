using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Fairway.Gateway.Tests.Generation;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Relay;

/// <summary>Chat completions byte for byte: what goes upstream, what comes back, and what becomes of the call.</summary>
[Collection(RelayCollection.Name)]
public sealed class ChatCompletionsTests(RelayFixture fixture)
{
    private const string Path = "/v1/chat/completions";

    [Fact]
    public async Task Post_Stream_PassesChunksVerbatimThenDone()
    {
        const string Chunks = "data: {\"id\":\"c\", \"choices\" : [ {\"index\":0,\"delta\":{\"content\":\"A\"}} ],\"x\":1e2}\n\n"
            + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        fixture.Model.Raw = ModelServer.Lines($": wait\n\n{Chunks}data: [DONE]\n\n");

        var answer = await fixture.NewUser().SendAsync(HttpMethod.Post, Path, Ask("raw", more: ",\"stream\":true"));

        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (answer.Status, answer.ContentType));
        Assert.Equal($"{Chunks}data: [DONE]\n\n", answer.Text);
    }

    [Fact]
    public async Task Post_Whole_PutsEveryChoiceTogether()
    {
        fixture.Model.Raw = ModelServer.Lines("""
            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","system_fingerprint":"f","choices":[{"index":1,"delta":{"role":"assistant","content":"B"}},{"index":0,"delta":{"role":"assistant","content":""}}]}

            data: {"id":"c1","choices":[{"index":0,"delta":{"content":"A","reasoning_content":"hm"},"logprobs":{"content":[{"token":"A","logprob":-0.5}]}}]}

            data: {"id":"c1","choices":[{"index":0,"delta":{"content":"a","reasoning_content":"m"},"logprobs":{"content":[{"token":"a","logprob":-1}]}}]}

            data: {"id":"c1","choices":[{"index":2,"delta":{"tool_calls":[{"index":1,"id":"t1","type":"function","function":{"name":"g","arguments":""}}]}}]}

            data: {"id":"c1","choices":[{"index":2,"delta":{"tool_calls":[{"index":0,"id":"t0","type":"function","function":{"name":"f","arguments":"{\"a\""}}]}}]}

            data: {"id":"c1","choices":[{"index":2,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"tool_calls"}]}

            data: {"id":"c1","choices":[{"index":3,"delta":{"refusal":"I "}},{"index":0,"delta":{},"finish_reason":"length"}]}

            data: {"id":"c1","choices":[{"index":3,"delta":{"refusal":"won't"},"finish_reason":"stop"},{"index":1,"delta":{},"finish_reason":"stop"}]}

            data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}

            data: [DONE]


            """);

        var answer = await fixture.NewUser().SendAsync(HttpMethod.Post, Path, Ask("raw", more: ",\"n\":4,\"conversation\":\"assembly\""));

        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.Status, answer.ContentType));
        RelayCases.AssertJson(
            """
            {"id":"c1","object":"chat.completion","created":7,"model":"m","system_fingerprint":"f","choices":[
              {"index":0,"message":{"role":"assistant","content":"Aa","refusal":null,"reasoning_content":"hmm"},"logprobs":{"content":[{"token":"A","logprob":-0.5},{"token":"a","logprob":-1}]},"finish_reason":"length"},
              {"index":1,"message":{"role":"assistant","content":"B","refusal":null},"logprobs":null,"finish_reason":"stop"},
              {"index":2,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[
                {"id":"t0","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"t1","type":"function","function":{"name":"g","arguments":""}}]},"logprobs":null,"finish_reason":"tool_calls"},
              {"index":3,"message":{"role":"assistant","content":null,"refusal":"I won't"},"logprobs":null,"finish_reason":"stop"}],
             "usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}
            """,
            answer.Text);
        var (sent, headers) = fixture.Model.Requests.Last();
        using var request = JsonDocument.Parse(sent);
        Assert.True(request.RootElement.GetProperty("stream").GetBoolean());
        Assert.True(request.RootElement.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
        Assert.Equal(4, request.RootElement.GetProperty("n").GetInt32());
        Assert.False(request.RootElement.TryGetProperty("conversation", out _));
        Assert.False(headers.ContainsKey("Authorization"));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public async Task Post_StreamOptions_GoToTheModelAsTheyAre(string include, bool hasUsage)
    {
        var answer = await fixture.NewUser().SendAsync(
            HttpMethod.Post, Path, Ask("demo", more: $",\"stream\":true,\"stream_options\":{{\"include_usage\":{include}}}"));

        Assert.Equal(hasUsage, answer.Text.Contains("\"usage\":{", StringComparison.Ordinal));
        Assert.EndsWith("data: [DONE]\n\n", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", 400, "BAD_JSON", null)]
    [InlineData("{}", 400, "BAD_FIELD", "messages")]
    [InlineData("""{"messages":[{}],"model":"unheard-of"}""", 404, "model_not_found", "model")]
    [InlineData("""{"messages":[{}],"model":7}""", 400, "BAD_FIELD", "model")]
    [InlineData("""{"messages":[{}],"model":"demo","stream":"yes"}""", 400, "BAD_FIELD", "stream")]
    [InlineData("""{"messages":[{}],"model":"demo","conversation":"a/b"}""", 400, "BAD_NAME", null)]
    public async Task Post_BadRequest_IsAnErrorObject(string body, int status, string code, string? param)
    {
        var answer = await fixture.NewUser().SendAsync(HttpMethod.Post, Path, body);

        RelayCases.AssertError(answer, status, code, "invalid_request_error", param);
    }

    [Fact]
    public async Task Post_TooLarge_Is413() =>
        RelayCases.AssertError(await fixture.NewUser().SendAsync(HttpMethod.Post, Path, Ask("demo", more: $",\"x\":\"{new string('x', 300_001)}\"")), 413, "BODY_TOO_LARGE", "invalid_request_error");

    [Theory]
    [InlineData("POST", "/v1/chat/completions", null, 401, "TOKEN_REQUIRED")]
    [InlineData("POST", "/v1/responses", "nonsense", 401, "TOKEN_INVALID")]
    [InlineData("GET", "/v1/models", null, 401, "TOKEN_REQUIRED")]
    [InlineData("DELETE", "/v1/chat/completions", null, 405, "METHOD_NOT_ALLOWED")]
    [InlineData("POST", "/v1/chat", null, 404, "NOT_FOUND")]
    public async Task Call_ThatIsNotLetIn_IsAnErrorObject(string method, string path, string? token, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using var response = await fixture.Gateway.Client.SendAsync(request);

        RelayCases.AssertError(await Answer.ReadAsync(response), status, code, "invalid_request_error");
    }

    [Theory]
    [InlineData("busy", true, 429, "UPSTREAM_RATE_LIMITED", "rate_limit_error")]
    [InlineData("busy", false, 429, "UPSTREAM_RATE_LIMITED", "rate_limit_error")]
    [InlineData("broken", true, 502, "UPSTREAM_ERROR", "server_error")]
    [InlineData("broken", false, 502, "UPSTREAM_ERROR", "server_error")]
    [InlineData("away", true, 502, "UPSTREAM_ERROR", "server_error")]
    [InlineData("torn", false, 502, "UPSTREAM_ERROR", "server_error")]
    public async Task Post_ModelFailsBeforeAnythingIsSent_IsItsStatus(string model, bool stream, int status, string code, string type)
    {
        using var request = RelayCases.Post(fixture.NewUser(), Path, Ask(model, more: stream ? ",\"stream\":true" : ""));
        using var response = await fixture.Gateway.Client.SendAsync(request);

        RelayCases.AssertError(await Answer.ReadAsync(response), status, code, type);
        Assert.Equal(model == "busy" ? TimeSpan.FromSeconds(40) : null, response.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task Post_ModelFailsInMidStream_EndsInAnErrorObjectWithoutDone()
    {
        var answer = await fixture.NewUser().SendAsync(HttpMethod.Post, Path, Ask("torn", more: ",\"stream\":true"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var lines = answer.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        using var last = JsonDocument.Parse(lines[^1]["data: ".Length..]);
        Assert.Equal("UPSTREAM_ERROR", last.RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.DoesNotContain("[DONE]", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60_000, true)]
    [InlineData(60_000, false)]
    [InlineData(0, true)]
    [InlineData(0, false)]
    public async Task Post_CallerLeaves_ModelIsCancelled(int firstTokenMs, bool stream)
    {
        var before = fixture.Model.Figures;
        using var leave = new CancellationTokenSource();
        var body = Ask("demo", $$"""{"firstTokenMs":{{firstTokenMs}},"tokensPerSecond":20,"tokens":100000}""", stream ? ",\"stream\":true" : "");
        using var request = RelayCases.Post(fixture.NewUser(), Path, body);
        var call = fixture.Gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await Eventually.True(() => fixture.Model.Figures.Active == 1);
        if (firstTokenMs == 0 && stream)
        {
            (await call).Dispose();
        }
        else
        {
            await leave.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }

        await Eventually.True(() => fixture.Model.Figures == before with { Calls = before.Calls + 1, Cancelled = before.Cancelled + 1 });
    }

    [Fact]
    public async Task Post_Calls_AreNeitherCountedNorKept()
    {
        var user = fixture.NewUser();
        for (var i = 0; i < 16; i++)
        {
            await user.AskAsync("hold", conversation: $"held-{i}");
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => user.SendAsync(HttpMethod.Post, Path, Ask("demo"))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Empty((await user.SendAsync(HttpMethod.Get, "/v1/history")).Json.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Post_WithConversation_EntersItsHistoryAndFreesIt()
    {
        var user = fixture.NewUser();

        var answer = await user.SendAsync(HttpMethod.Post, Path, Ask("demo", more: ",\"conversation\":\"talk\""));

        var item = Assert.Single((await user.SendAsync(HttpMethod.Get, "/v1/history?conversation=talk")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal(
            answer.Json.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), item.GetProperty("answer").GetString());
        Assert.Equal(HttpStatusCode.Gone, (await user.SendAsync(HttpMethod.Get, $"/v1/streams/{item.GetProperty("version").GetString()}")).Status);
    }

    [Fact]
    public async Task Post_ConversationIsTakenByANewerCall_IsSuperseded()
    {
        var user = fixture.NewUser();
        var before = fixture.Slow.Calls.Calls;
        var older = user.SendAsync(HttpMethod.Post, Path, Ask("slow", more: ",\"conversation\":\"talk\""));
        await Eventually.True(() => fixture.Slow.Calls.Calls == before + 1);

        var newer = await user.SendAsync(HttpMethod.Post, Path, Ask("demo", more: ",\"conversation\":\"talk\""));

        Assert.Equal(HttpStatusCode.OK, newer.Status);
        RelayCases.AssertError(await older, 409, "SUPERSEDED", "invalid_request_error");
        await Eventually.True(() => fixture.Slow.Calls.Active == 0);
    }

    [Fact]
    public async Task Post_SameIdempotencyKey_IsOneModelCall()
    {
        var user = fixture.NewUser();
        var before = fixture.Model.Figures.Calls;
        var body = Ask("demo", """{"firstTokenMs":100,"tokensPerSecond":0}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => user.SendAsync(HttpMethod.Post, Path, body, ("Idempotency-Key", "k"))));
        var late = await user.SendAsync(HttpMethod.Post, Path, body, ("Idempotency-Key", "k"));
        var other = await user.SendAsync(HttpMethod.Post, Path, Ask("demo"), ("Idempotency-Key", "k"));

        Assert.Single(answers.Append(late).Select(answer => answer.Text).Distinct());
        Assert.Equal(before + 1, fixture.Model.Figures.Calls);
        RelayCases.AssertError(other, 422, "IDEMPOTENCY_MISMATCH", "invalid_request_error");
    }

    [Fact]
    public async Task Post_SameIdempotencyKeyAfterAFailure_IsCalledAnew()
    {
        var user = fixture.NewUser();
        var body = Ask("raw");
        fixture.Model.Raw = context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        RelayCases.AssertError(await user.SendAsync(HttpMethod.Post, Path, body, ("Idempotency-Key", "again")), 502, "UPSTREAM_ERROR", "server_error");
        fixture.Model.Raw = ModelServer.Lines("data: {\"choices\":[]}\n\ndata: [DONE]\n\n");

        Assert.Equal(HttpStatusCode.OK, (await user.SendAsync(HttpMethod.Post, Path, body, ("Idempotency-Key", "again"))).Status);
    }

    [Fact]
    public async Task Models_AreListedAndDescribed()
    {
        var user = fixture.NewUser();

        var all = await user.SendAsync(HttpMethod.Get, "/v1/models");
        var one = await user.SendAsync(HttpMethod.Get, "/v1/models/demo");

        Assert.Equal("list", all.Json.GetProperty("object").GetString());
        Assert.Equal(
            ["away", "broken", "busy", "demo", "raw", "slow", "tool", "torn"], all.Json.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        Assert.Equal(("demo", "model", "fairway"), (Text(one, "id"), Text(one, "object"), Text(one, "owned_by")));
        RelayCases.AssertError(await user.SendAsync(HttpMethod.Get, "/v1/models/un/heard"), 404, "model_not_found", "invalid_request_error", "model");

        static string? Text(Answer answer, string name) => answer.Json.GetProperty(name).GetString();
    }

    private static string Ask(string model, string? knobs = null, string more = "") =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"What is a fairway?"}]{{(knobs is null ? "" : $",\"knobs\":{knobs}")}}{{more}}}""";
}
