using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>Frames as readers get them: their exact bytes, and every way to come back.</summary>
public sealed class EventsTests(StreamFixture fixture) : IClassFixture<StreamFixture>
{
    private const string Short = """{"tokens":8}""";

    /// <summary>Answers while the test wants it to.</summary>
    private const string Slow = """{"tokens":100000,"tokensPerSecond":20}""";

    private StreamHost Host => fixture.Host;

    [Fact]
    public async Task Ask_Answer_IsPreambleDeltasAndOneStop()
    {
        var user = Host.NewUser();
        var accepted = (await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("tides", Short))).Json;
        var version = accepted.GetProperty("version").GetString()!;
        Assert.Equal($"/v1/streams/{version}/events", accepted.GetProperty("events").GetString());
        Assert.Equal($"/v1/streams/{version}/ack", accepted.GetProperty("ack").GetString());

        using var reader = await user.FollowAsync(version);
        var text = await reader.Response.Content.ReadAsStringAsync();

        Assert.StartsWith($"retry: 1000\n\nevent: delta\nid: {version}:0\ndata: {{\"id\":\"chatcmpl-", text, StringComparison.Ordinal);
        Assert.EndsWith($"\n\nevent: stop\nid: {version}:10\ndata: {{\"reason\":\"stop\"}}\n\n", text, StringComparison.Ordinal);
        var frames = Parse(text);
        AssertWhole(frames, version, 0);
        Assert.All(frames.SkipLast(1), frame => Assert.Equal("chat.completion.chunk", JsonDocument.Parse(frame.Data).RootElement.GetProperty("object").GetString()));
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_Headers_AreThoseOfAnEventStream()
    {
        var user = Host.NewUser();
        using var reader = await user.FollowAsync(await user.AskAsync("tides", Short));
        var response = reader.Response;
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-cache", response.Headers.CacheControl!.ToString());
        Assert.Equal("keep-alive", response.Headers.Connection.Single());
        Assert.Equal("no", response.Headers.GetValues("X-Accel-Buffering").Single());
    }

    [Fact]
    public async Task Resume_AtEveryOffset_ContinuesByHeaderAndByQueryAndByPost()
    {
        var user = Host.NewUser();
        var version = await user.AskAsync("tides", Short);
        using var first = await user.FollowAsync(version);
        var whole = await first.ReadAllAsync();

        foreach (var frame in whole.SkipLast(1))
        {
            using var byHeader = await user.FollowAsync(version, frame.Id);
            Assert.Equal(whole.Skip(frame.Offset + 1), await byHeader.ReadAllAsync());
            using var byQuery = await user.FollowAsync($"{version}/events?after={frame.Id}", method: HttpMethod.Post);
            Assert.Equal(whole.Skip(frame.Offset + 1), await byQuery.ReadAllAsync());
            using var current = await user.FollowAsync("current", frame.Id);
            Assert.Equal(whole.Skip(frame.Offset + 1), await current.ReadAllAsync());
        }

        using var headerWins = await user.FollowAsync($"{version}/events?after={whole[7].Id}", whole[2].Id);
        Assert.Equal(whole.Skip(3), await headerWins.ReadAllAsync());
    }

    [Fact]
    public async Task Follow_TwoTabsInMidAnswer_BothGetAllOfIt()
    {
        var user = Host.NewUser();
        var version = await user.AskAsync("tides", """{"tokens":60,"tokensPerSecond":200}""");
        using var one = await user.FollowAsync(version);
        Assert.True(await one.ReadAsync(parser => parser.Frames.Count >= 10));
        using var two = await user.FollowAsync("current");
        using var three = await user.FollowAsync(version);
        using var four = await user.FollowAsync(version, $"{version}:5");

        var frames = await two.ReadAllAsync();
        AssertWhole(frames, version, 0);
        Assert.Equal(frames, await one.ReadAllAsync());
        Assert.Equal(frames, await three.ReadAllAsync());
        Assert.Equal(frames.Skip(6), await four.ReadAllAsync());
    }

    [Theory]
    [InlineData(":100000")]
    [InlineData("0:1")]
    [InlineData(":x")]
    public async Task Follow_BesideAnotherTabFromNowhere_IsRefused(string end)
    {
        var user = Host.NewUser();
        var version = await user.AskAsync("tides", Slow);
        using var one = await user.FollowAsync(version);
        Assert.True(await one.ReadAsync(parser => parser.Frames.Count >= 2));

        var refused = await user.SendAsync(HttpMethod.Get, $"/v1/streams/{version}/events", null, ("Last-Event-ID", version + end));

        refused.AssertRefused(HttpStatusCode.BadRequest, "BAD_POSITION");
        Assert.True(await one.ReadAsync(parser => parser.Frames.Count >= 4));
        await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{version}");
    }

    [Fact]
    public async Task Stop_InMidAnswer_TellsReadersAndIsRepeatable()
    {
        var user = Host.NewUser();
        var version = await user.AskAsync("tides", Slow);
        using var reader = await user.FollowAsync(version);
        Assert.True(await reader.ReadAsync(parser => parser.Frames.Count > 0));
        Assert.Equal(HttpStatusCode.NoContent, (await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{version}")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{version}")).Status);

        var frames = await reader.ReadAllAsync();
        Assert.Equal(("stop", """{"reason":"stopped"}"""), (frames[^1].Event, frames[^1].Data));
        AssertWhole(frames, version, 0);
        Assert.Equal("stopped", await user.StateAsync(version));
        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
    }

    [Fact]
    public async Task Ask_AgainInMidAnswer_OlderReadersGetSupersededAndItsIdsToo()
    {
        var user = Host.NewUser();
        var older = await user.AskAsync("tides", Slow);
        using var reader = await user.FollowAsync("current");
        Assert.True(await reader.ReadAsync(parser => parser.Frames.Count > 2));

        var newer = await user.AskAsync("winds", Short);
        var frames = await reader.ReadAllAsync();

        Assert.Equal(("superseded", $$"""{"by":"{{newer}}"}"""), (frames[^1].Event, frames[^1].Data));
        Assert.All(frames, frame => Assert.StartsWith(older + ":", frame.Id, StringComparison.Ordinal));
        using var late = await user.FollowAsync("current", $"{older}:0");
        Assert.Equal([frames[^1]], await late.ReadAllAsync());
        using var past = await user.FollowAsync("current", frames[^1].Id);
        Assert.Equal(HttpStatusCode.NoContent, past.Status);
        using var now = await user.FollowAsync("current");
        AssertWhole(await now.ReadAllAsync(), newer, 0);
        Assert.Equal("superseded", await user.StateAsync(older));
    }

    [Fact]
    public async Task Follow_PositionCases_AreAsTheProtocolSays()
    {
        var user = Host.NewUser();
        using (var nothing = await user.FollowAsync("current"))
        {
            Assert.Equal(HttpStatusCode.NoContent, nothing.Status);
        }

        var version = await user.AskAsync("tides", Short);
        using (var reader = await user.FollowAsync(version))
        {
            await reader.ReadAllAsync();
        }

        var other = await user.AskAsync("tides", Short, "other");
        foreach (var line in Cases.Of("positions"))
        {
            var path = line[0].Replace("V", version, StringComparison.Ordinal);
            var id = line[1].Replace("V", version, StringComparison.Ordinal).Replace("O", other, StringComparison.Ordinal);
            using var reader = await user.FollowAsync(path, id == "-" ? null : id);
            var code = reader.Status is HttpStatusCode.OK or HttpStatusCode.NoContent
                ? "-"
                : JsonDocument.Parse(await reader.Response.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString();
            Assert.Equal(string.Join(' ', line), string.Join(' ', line[0], line[1], ((int)reader.Status).ToString(CultureInfo.InvariantCulture), code));
        }
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "/events")]
    [InlineData("POST", "/events")]
    [InlineData("POST", "/ack")]
    [InlineData("DELETE", "")]
    public async Task Call_ForeignUnknownOrFreedVersion_IsGoneAlike(string method, string call)
    {
        var owner = Host.NewUser();
        var version = await owner.AskAsync("tides", Short);
        var freed = await owner.AskAsync("tides", Slow, "freed");
        await owner.SendAsync(HttpMethod.Delete, $"/v1/streams/{freed}");
        await owner.AcknowledgeAsync(freed);
        var stranger = Host.NewUser();
        var answers = new List<Answer>();
        foreach (var name in new[] { version, freed, "1", "nonsense", "99999999999999999999999" })
        {
            answers.Add(await stranger.SendAsync(new HttpMethod(method), $"/v1/streams/{name}{call}"));
        }

        if (call != "/ack")
        {
            answers.Add(await owner.SendAsync(new HttpMethod(method), $"/v1/streams/{freed}{call}"));
        }

        Assert.All(answers, answer =>
        {
            answer.AssertRefused(HttpStatusCode.Gone, "STREAM_GONE");
            Assert.Equal(answers[0].Text, answer.Text);
        });
    }

    internal static void AssertWhole(IReadOnlyList<Received> frames, string version, int from)
    {
        Assert.Equal(Enumerable.Range(from, frames.Count).Select(offset => $"{version}:{offset}"), frames.Select(frame => frame.Id));
        Assert.True(frames.Count > 0 && frames[^1].IsTerminal, "the last frame is the terminal");
        Assert.DoesNotContain(frames.SkipLast(1), frame => frame.IsTerminal);
    }

    private static List<Received> Parse(string text)
    {
        var parser = new SseParser();
        parser.Feed(System.Text.Encoding.UTF8.GetBytes(text));
        return parser.Frames;
    }
}
