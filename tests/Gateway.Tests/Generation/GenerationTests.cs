using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fairway.Core.Lanes;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Testing;
using Microsoft.AspNetCore.Http;

namespace Fairway.Gateway.Tests.Generation;

public sealed class GenerationTests(GenerationFixture fixture) : IClassFixture<GenerationFixture>
{
    private const string Prompt = "a prompt that must stay private";

    private readonly Backend _backend = fixture.Backend;
    private readonly ModelServer _model = fixture.Model;
    private readonly string _user = Guid.NewGuid().ToString();

    [Fact]
    public async Task Answer_WholeStream_IsStoredByteForByte()
    {
        _model.Raw = ModelServer.Lines(
            """
            : a comment that keeps alive

            data: {"choices" : [ {"index":0,"delta":{"content":"Grü\u00dfe "}} ], "extra":1.00}

            data: {"choices":[
            data: {"delta":{"content":"!"}}]}

            data: {"choices":[{"delta":{},"finish_reason":"stop"}]}

            data: {"choices":[],"usage":{"total_tokens":12345678901234567890}}

            data: [DONE]


            """);

        var frames = await AnswerAsync(Request("raw"));

        Assert.Equal(
            [
                """{"choices" : [ {"index":0,"delta":{"content":"Grü\u00dfe "}} ], "extra":1.00}""",
                "{\"choices\":[\n{\"delta\":{\"content\":\"!\"}}]}",
                """{"choices":[{"delta":{},"finish_reason":"stop"}]}""",
                """{"choices":[],"usage":{"total_tokens":12345678901234567890}}""",
                """{"reason":"stop"}""",
            ],
            frames.Select(Backend.Text));
    }

    [Fact]
    public async Task Answer_EndsAfterAFinishReasonWithoutDone_IsStop()
    {
        _model.Raw = ModelServer.Lines("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");

        Assert.Equal(["""{"reason":"stop"}"""], (await AnswerAsync(Request("raw"))).Skip(1).Select(Backend.Text));
    }

    [Fact]
    public async Task Answer_EachStreamOfAModel_EndsAsTheProtocolSays()
    {
        foreach (var line in Streams.Cases.Of("upstream"))
        {
            _model.Raw = ModelServer.Lines(line[0].Replace('|', '\n'));
            var frames = await AnswerAsync(Request("raw"));
            var end = frames[^1].Kind == FrameKind.Stop ? "stop" : Backend.CodeOf(frames[^1]);
            Assert.Equal(string.Join(' ', line), $"{line[0]} {end}");
            Assert.DoesNotContain(frames, frame => Backend.Text(frame).Contains("\"no\"", StringComparison.Ordinal) && !frame.IsTerminal);
        }
    }

    [Fact]
    public async Task Request_GoesUpstream_WithoutWhatIsOurs()
    {
        _model.Raw = ModelServer.Lines("data: [DONE]\n\n");
        _model.Requests.Clear();

        await AnswerAsync($$"""{"model":"raw", "stream":false,"conversation":"c1","messages":[{"role":"user","content":"{{Prompt}}"}],"seed":1.50}""");

        var (body, headers) = _model.Requests.Single();
        Assert.Equal(
            $$"""{"model":"upstream-name","stream":true,"messages":[{"role":"user","content":"{{Prompt}}"}],"seed":1.50}""", body);
        Assert.Equal($"Bearer {Backend.ApiKey}", headers.Authorization);
    }

    [Fact]
    public async Task Request_OfALabelledJob_CarriesTheLabelSignedAndTheNextOneNone()
    {
        _model.Raw = ModelServer.Lines("data: [DONE]\n\n");
        _model.Requests.Clear();

        await AnswerAsync(Request("raw"), Label.Of("blue", stress: true));
        await AnswerAsync(Request("raw"));

        var (labelled, plain) = (_model.Requests.First().Headers, _model.Requests.Last().Headers);
        Assert.Equal(("blue", "1"), (labelled[LabelHeaders.FlowType].ToString(), labelled[LabelHeaders.Stress].ToString()));
        Assert.True(LabelReader.TryRead(
            "blue", "1", null, labelled[LabelHeaders.Signature], GenerationFixture.Keys, DateTimeOffset.UtcNow, out _, out var fault), fault.ToString());
        Assert.DoesNotContain(LabelHeaders.FlowType, plain.Keys);
        Assert.DoesNotContain(LabelHeaders.Signature, plain.Keys);
    }

    [Theory]
    [InlineData("Status500", "UPSTREAM_ERROR", 0)]
    [InlineData("Stall", "UPSTREAM_TIMEOUT", 5)]
    [InlineData("Truncate", "UPSTREAM_TRUNCATED", 5)]
    [InlineData("EndEarly", "UPSTREAM_TRUNCATED", 5)]
    [InlineData("ErrorInStream", "UPSTREAM_ERROR", 5)]
    public async Task Model_Fails_EndsInExactlyOneCodedTerminal(string failure, string code, int deltas)
    {
        var frames = await AnswerAsync(Request(failure == "Stall" ? "hasty" : "demo", $$"""{"failure":"{{failure}}","tokensPerSecond":200,"firstTokenMs":0}"""));

        Assert.Equal(code, Backend.CodeOf(frames[^1]));
        Assert.Equal(FrameKind.Error, frames[^1].Kind);
        var fewest = failure == "Truncate" ? 0 : deltas; // a reset may overtake what was sent before it
        Assert.InRange(frames.Count(frame => !frame.IsTerminal), fewest, deltas);
        Assert.Single(frames, frame => frame.IsTerminal);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(503)]
    public async Task Model_RefusesWithAStatus_IsUpstreamErrorThatLeaksNothing(int status)
    {
        _model.Raw = async context =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync($"wrong key {context.Request.Headers.Authorization}");
        };

        var terminal = Assert.Single(await AnswerAsync(Request("raw")));

        Assert.Equal("UPSTREAM_ERROR", Backend.CodeOf(terminal));
        Assert.Contains(status.ToString(CultureInfo.InvariantCulture), Backend.Text(terminal), StringComparison.Ordinal);
        Assert.DoesNotContain(Backend.ApiKey, Backend.Text(terminal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("away", "UPSTREAM_ERROR")]
    [InlineData("nobody-knows", "UPSTREAM_ERROR")]
    public async Task Model_CannotBeCalled_IsUpstreamError(string model, string code) =>
        Assert.Equal(code, Backend.CodeOf(Assert.Single(await AnswerAsync(Request(model)))));

    [Fact]
    public async Task Model_SendsNoJson_IsUpstreamError()
    {
        _model.Raw = ModelServer.Lines("data: hello\n\n");

        Assert.Equal("UPSTREAM_ERROR", Backend.CodeOf(Assert.Single(await AnswerAsync(Request("raw")))));
    }

    [Fact]
    public async Task Model_NeverAnswers_IsTimeout()
    {
        _model.Raw = context => Task.Delay(Timeout.Infinite, context.RequestAborted);

        Assert.Equal("UPSTREAM_TIMEOUT", Backend.CodeOf(Assert.Single(await AnswerAsync(Request("hasty-raw")))));
    }

    [Theory]
    [InlineData(2, "0", null, 3)]
    [InlineData(3, "0", "UPSTREAM_RATE_LIMITED", 3)]
    [InlineData(1, "31", "UPSTREAM_RATE_LIMITED", 1)]
    [InlineData(1, null, "UPSTREAM_RATE_LIMITED", 1)]
    public async Task Model_Answers429_IsRetriedTwiceAtMostAndOnlyIfSoon(int refusals, string? retryAfter, string? code, int calls)
    {
        var called = 0;
        _model.Raw = context =>
        {
            if (Interlocked.Increment(ref called) > refusals)
            {
                return ModelServer.Lines("data: {\"choices\":[]}\n\ndata: [DONE]\n\n")(context);
            }

            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        };

        var frames = await AnswerAsync(Request("raw"));

        Assert.Equal(code, Backend.CodeOf(frames[^1]));
        Assert.Equal(calls, called);
        if (retryAfter == "31")
        {
            Assert.Contains("\"retryAfter\":31", Backend.Text(frames[^1]), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancel_BeforeTheFirstToken_ClosesTheModelsSocket(bool byStop)
    {
        var reached = new TaskCompletionSource();
        var closed = new TaskCompletionSource<long>();
        _model.Raw = async context =>
        {
            reached.SetResult();
            context.RequestAborted.Register(() => closed.SetResult(Stopwatch.GetTimestamp()));
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        var version = await _backend.AskAsync(_user, Request("raw"));
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(10));

        var asked = Stopwatch.GetTimestamp();
        if (byStop)
        {
            Assert.True(await _backend.Grain(_user).Stop(version));
        }
        else
        {
            await _backend.Grain(_user).Open("main", StreamBytes.Empty);
        }

        // the contract's 100 ms hold on a quiet machine; a busy one must not fail the test, and nothing else closes the socket this soon
        Assert.InRange(Stopwatch.GetElapsedTime(asked, await closed.Task.WaitAsync(TimeSpan.FromSeconds(10))), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        var terminal = Assert.Single(await _backend.ReadToEndAsync(_user, version));
        Assert.Equal(byStop ? FrameKind.Stop : FrameKind.Superseded, terminal.Kind);
    }

    [Fact]
    public async Task FastModel_AppendsInFlight_Coalesce()
    {
        var go = new TaskCompletionSource();
        _model.Raw = async context =>
        {
            await go.Task;
            await ModelServer.Lines(string.Concat(Enumerable.Range(0, 2000).Select(i => $"data: {{\"choices\":[],\"i\":{i}}}\n\n")) + "data: [DONE]\n\n")(context);
        };
        var version = await _backend.AskAsync(_user, Request("raw"));
        var (reader, reference) = await _backend.FollowAsync(_user, version);
        go.SetResult();

        var frames = await _backend.ReadToEndAsync(_user, version);

        Assert.Equal(2001, frames.Count);
        Assert.All(frames.SkipLast(1).Index(), entry => Assert.Contains($"\"i\":{entry.Index}}}", Backend.Text(entry.Item), StringComparison.Ordinal));
        await Eventually.True(() => reader.Slices.Sum(slice => slice.Frames.Length) == 2001);
        Assert.InRange(reader.Slices.Count, 2, 1000);
        GC.KeepAlive(reference);
    }

    [Fact]
    public async Task SlowModel_EachToken_IsStoredAtOnce()
    {
        var version = await _backend.AskAsync(_user, Request("demo", """{"tokensPerSecond":10,"firstTokenMs":200,"tokens":10}"""));
        var (reader, reference) = await _backend.FollowAsync(_user, version);

        await _backend.ReadToEndAsync(_user, version);

        await Eventually.True(() => reader.Slices.Sum(slice => slice.Frames.Length) == 13);
        Assert.True(reader.Slices.Count >= 7, $"{reader.Slices.Count} pushes");
        GC.KeepAlive(reference);
    }

    [Fact]
    public async Task Answer_TooLarge_EndsInOneTerminalAndCallsNoMore()
    {
        var chunk = $"data: {{\"choices\":[],\"x\":\"{new string('x', 60_000)}\"}}\n\n";
        var closed = new TaskCompletionSource();
        _model.Raw = async context =>
        {
            context.RequestAborted.Register(() => closed.TrySetResult());
            context.Response.ContentType = "text/event-stream";
            for (var i = 0; i < 1000 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Response.WriteAsync(chunk, context.RequestAborted);
            }
        };

        var frames = await AnswerAsync(Request("raw"));

        Assert.Equal("STREAM_TOO_LARGE", Backend.CodeOf(frames[^1]));
        Assert.Equal(17, frames.Count(frame => !frame.IsTerminal));
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task ManyAnswersAtOnce_EachEnds_NoneMixes()
    {
        var versions = await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
            await _backend.AskAsync($"{_user}-{i}", Request("demo", """{"tokensPerSecond":0,"firstTokenMs":0,"tokens":50}"""))));

        foreach (var (i, version) in versions.Index())
        {
            var frames = await _backend.ReadToEndAsync($"{_user}-{i}", version);
            Assert.Equal(53, frames.Count);
            Assert.Single(frames.SkipLast(1).Select(frame => JsonDocument.Parse(frame.Data).RootElement.GetProperty("id").GetString()).Distinct());
        }
    }

    [Fact]
    public async Task ManyPostsAtOnce_OneConversation_TheNewestWinsAndTheOthersEndSuperseded()
    {
        var versions = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ =>
            _backend.AskAsync(_user, Request("demo", """{"tokensPerSecond":0,"firstTokenMs":0,"tokens":50}"""))));

        Assert.Equal(64, versions.Distinct().Count());
        foreach (var version in versions.Order().SkipLast(1))
        {
            Assert.Equal(FrameKind.Superseded, Assert.Single(await _backend.ReadToEndAsync(_user, version)).Kind);
        }

        Assert.Equal(53, (await _backend.ReadToEndAsync(_user, versions.Max())).Count);
        Assert.Equal(versions.Max(), await _backend.Grain(_user).Current("main"));
    }

    [Fact]
    public async Task Log_AfterAnswersAndFailures_HoldsNoPromptAndNoKey()
    {
        _model.Raw = context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        };
        await AnswerAsync(Request("raw"));
        await AnswerAsync(Request("away"));
        await AnswerAsync(Request("demo", """{"failure":"Truncate"}"""));

        var log = _backend.Gateway.Log.ToString();
        Assert.Contains("refused a call", log, StringComparison.Ordinal);
        Assert.DoesNotContain(Prompt, log, StringComparison.Ordinal);
        Assert.DoesNotContain(Backend.ApiKey, log, StringComparison.Ordinal);
    }

    private static string Request(string model, string knobs = "{}") =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{Prompt}}"}],"knobs":{{knobs}}}""";

    private async Task<IReadOnlyList<Frame>> AnswerAsync(string request, Label? label = null) =>
        await _backend.ReadToEndAsync(_user, await _backend.AskAsync(_user, request, label: label));
}
