using System.Globalization;
using System.Net;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>The tables of docs/protocol.md that are about calls rather than positions, line by line.</summary>
public sealed class ProtocolTests(StreamFixture fixture) : IClassFixture<StreamFixture>
{
    private const string Short = """{"tokens":3}""";
    private const string Endless = """{"tokens":100000,"tokensPerSecond":20}""";

    private StreamHost Host => fixture.Host;

    [Fact]
    public async Task Call_EachMethod_IsOfferedOrRefusedAsTheProtocolSays()
    {
        var user = Host.NewUser();
        var version = await user.AskAsync("tides", Short);
        foreach (var line in Cases.Of("methods"))
        {
            var answer = await user.SendAsync(new HttpMethod(line[0]), line[1].Replace("V", version, StringComparison.Ordinal));
            Assert.Equal(string.Join(' ', line), $"{line[0]} {line[1]} {Status(answer.Status)} {CodeOf(answer)}");
        }
    }

    [Fact]
    public async Task Post_UnderAKey_IsReplayedOrRefusedAsTheProtocolSays()
    {
        foreach (var line in Cases.Of("idempotency"))
        {
            var (first, now) = await PostTwiceAsync(line[0]);
            var version = now.Status != HttpStatusCode.Accepted ? "-" : now.Text == first?.Text ? "same" : "new";
            Assert.Equal(string.Join(' ', line), $"{line[0]} {Status(now.Status)} {CodeOf(now)} {version}");
        }
    }

    [Fact]
    public async Task Post_OneKeyAHundredTimesAtOnce_CallsTheModelOnce()
    {
        var user = Host.NewUser();
        var body = StreamUser.Body("once", Short, "hundred");
        var calls = Host.Model.Calls.Calls;
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => user.SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", "k"))));
        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.Accepted, answers[0].Text), (answer.Status, answer.Text)));
        using var reader = await user.FollowAsync(answers[0].Json.GetProperty("version").GetString()!);
        await reader.ReadAllAsync();
        Assert.Equal(calls + 1, Host.Model.Calls.Calls);
    }

    [Fact]
    public async Task Acknowledge_EachEnd_IsAnsweredAsTheProtocolSays()
    {
        await using var host = await StreamHost.StartAsync("--Streams:UnreadSeconds=2", "--Streams:DrainSeconds=0");
        foreach (var line in Cases.Of("acks"))
        {
            var user = host.NewUser();
            var version = await EndAsync(user, line[0]);
            var first = await user.AcknowledgeAsync(version);
            var again = await user.AcknowledgeAsync(version);
            var items = (await user.SendAsync(HttpMethod.Get, "/v1/history")).Json.GetProperty("items").GetArrayLength();
            using var reader = await user.FollowAsync(version);
            Assert.Equal(
                string.Join(' ', line),
                $"{line[0]} {Status(first.Status)} {CodeOf(first)} {Status(again.Status)} {(items > 0 ? "yes" : "no")} {Status(reader.Status)}");
        }
    }

    private static string Status(HttpStatusCode status) => ((int)status).ToString(CultureInfo.InvariantCulture);

    private static string CodeOf(Answer answer) =>
        answer.ContentType == "application/problem+json" && answer.Text.Length > 0 ? answer.Code ?? "?" : "-";

    private static async Task<string> EndAsync(StreamUser user, string state)
    {
        switch (state)
        {
            case "never-posted":
                return "1";
            case "expired":
                var unread = await user.AskAsync("tides", Short);
                await Eventually.TrueAsync(async () => (await user.SendAsync(HttpMethod.Get, $"/v1/streams/{unread}")).Status == HttpStatusCode.Gone);
                return unread;
            case "superseded":
                var older = await user.AskAsync("tides", Endless);
                await user.AskAsync("tides", Endless);
                return older;
        }

        var version = await user.AskAsync("tides", state == "done" ? Short : state == "failed" ? """{"failure":"ErrorInStream","after":2}""" : Endless);
        using var reader = await user.FollowAsync(version);
        await reader.ReadAsync(parser => parser.Frames.Count > 1);
        if (state == "stopped")
        {
            await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{version}");
        }

        await Eventually.TrueAsync(async () => await user.StateAsync(version) == state);
        return version;
    }

    private async Task<(Answer? First, Answer Now)> PostTwiceAsync(string situation)
    {
        var user = Host.NewUser();
        var body = StreamUser.Body("tides", situation.Contains("acknowledged", StringComparison.Ordinal) ? Short : Endless);
        switch (situation)
        {
            case "an-empty-key":
                return (null, await Post(user, body, ""));
            case "a-key-too-long":
                return (null, await Post(user, body, new string('k', 257)));
            case "a-key-with-a-control-character":
                return (null, await Post(user, body, "k\u0001"));
            case "the-same-after-a-refused-post":
                return (await Post(user, "{}"), await Post(user, body));
            case "the-same-bytes-at-the-same-time":
                var both = await Task.WhenAll(Post(user, body), Post(user, body));
                return (both[0], both[1]);
        }

        var first = await Post(user, body);
        var version = first.Json.GetProperty("version").GetString()!;
        switch (situation)
        {
            case "the-same-after-superseded":
                await user.AskAsync("another", Endless);
                break;
            case "the-same-while-streaming":
                using (var streaming = await user.FollowAsync(version))
                {
                    await streaming.ReadAsync(parser => parser.Frames.Count > 1);
                }

                break;
            case "the-same-after-acknowledged":
                using (var reader = await user.FollowAsync(version))
                {
                    await reader.ReadAllAsync();
                }

                Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
                break;
            case "another-user":
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System); // versions are of the time: two users' may be the same within a millisecond
                break;
        }

        return (first, await (situation switch
        {
            "another-body" => Post(user, StreamUser.Body("another", Endless)),
            "other-white-space" => Post(user, body + " "),
            "another-conversation" => Post(user, StreamUser.Body("tides", Endless, "other")),
            "another-user" => Post(Host.NewUser(), body),
            "another-key" => Post(user, body, "another"),
            _ => Post(user, body),
        }));
    }

    private static Task<Answer> Post(StreamUser user, string body, string key = "k") =>
        user.SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", key));
}
