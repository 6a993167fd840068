using System.Net;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>What is refused when there is too much, or the Gateway is about to go; and the options that say when, over HTTP.</summary>
public sealed class LimitTests
{
    private const string Endless = """{"tokens":100000,"tokensPerSecond":20}""";

    [Fact]
    public async Task Post_BuffersFull_IsRefusedUntilSomethingIsFreed()
    {
        await using var host = await StreamHost.StartAsync("--Streams:MaxBytes=4096", "--Streams:MaxTotalBytes=4096");
        var user = host.NewUser();
        var version = await user.AskAsync("tides", """{"tokens":10000}""");
        using (var reader = await user.FollowAsync(version))
        {
            Assert.Contains("STREAM_TOO_LARGE", (await reader.ReadAllAsync())[^1].Data, StringComparison.Ordinal);
        }

        var second = await user.AskAsync("tides", """{"tokens":3}""", "second"); // the first one is a little below the bound
        using (var reader = await user.FollowAsync(second))
        {
            await reader.ReadAllAsync();
        }

        AssertRefused(
            await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("tides", conversation: "third")),
            HttpStatusCode.ServiceUnavailable, "BUFFERS_FULL");
        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
        await user.AskAsync("tides", """{"tokens":3}""", "third");
    }

    [Fact]
    public async Task Post_QueueFull_IsRefusedUntilAWorkerIsFree()
    {
        await using var host = await StreamHost.StartAsync("--Streams:MaxConcurrent=1", "--Streams:QueueLength=2", "--Streams:DrainSeconds=0");
        var user = host.NewUser();
        var running = await user.AskAsync("tides", Endless, "running");
        await Eventually.True(() => host.Model.Calls.Active == 1);
        await user.AskAsync("tides", Endless, "waiting-1");
        await user.AskAsync("tides", Endless, "waiting-2");
        AssertRefused(
            await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("tides", conversation: "one-more")),
            HttpStatusCode.TooManyRequests, "QUEUE_FULL");
        Assert.Equal(1, host.Model.Calls.Calls);

        await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{running}");
        await Eventually.TrueAsync(async () =>
            (await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("tides", conversation: "one-more"))).Status == HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Stop_ProcessAboutToEnd_ReadersAreSentAwayAndCallsAreRefused()
    {
        await using var host = await StreamHost.StartAsync("--Streams:ReaderDrainSeconds=0.2", "--Streams:DrainSeconds=0");
        var user = host.NewUser();
        var version = await user.AskAsync("tides", Endless);
        using var reader = await user.FollowAsync(version);
        await reader.ReadAsync(parser => parser.Frames.Count > 1);

        host.Gateway.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        await reader.ReadAllAsync();
        Assert.False(reader.Parser.HasEnded);
        Assert.InRange(reader.Parser.Retry ?? 0, 500, 3000);
        AssertRefused(await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("tides")), HttpStatusCode.ServiceUnavailable, "DRAINING");
        AssertRefused(await user.SendAsync(HttpMethod.Get, $"/v1/streams/{version}/events"), HttpStatusCode.ServiceUnavailable, "DRAINING");
        Assert.Equal(HttpStatusCode.NoContent, (await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{version}")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
    }

    [Fact]
    public async Task Option_HistoryOnFinish_KeepsAnAnswerThatNobodyAcknowledges()
    {
        await using var host = await StreamHost.StartAsync("--Streams:HistoryOn=finish", "--Streams:UnackedSeconds=1");
        var user = host.NewUser();
        var version = await user.AskAsync("tides", """{"tokens":3}""");
        using (var reader = await user.FollowAsync(version))
        {
            await reader.ReadAllAsync();
        }

        Assert.Equal(version, await OnlyItemAsync());
        await Eventually.TrueAsync(async () => (await user.SendAsync(HttpMethod.Get, $"/v1/streams/{version}")).Status == HttpStatusCode.Gone);
        Assert.Equal(version, await OnlyItemAsync());
        (await user.AcknowledgeAsync(version)).AssertRefused(HttpStatusCode.Gone, "STREAM_GONE"); // it expired: the user never had it

        async Task<string> OnlyItemAsync() => Assert.Single(
            (await user.SendAsync(HttpMethod.Get, "/v1/history")).Json.GetProperty("items").EnumerateArray()).GetProperty("version").GetString()!;
    }

    [Fact]
    public async Task Option_UnreadSeconds_EndsTheModelsCallAndCountsAsExpired()
    {
        await using var host = await StreamHost.StartAsync("--Streams:UnreadSeconds=1", "--Streams:DrainSeconds=0");
        var user = host.NewUser();
        var unread = await user.AskAsync("tides", Endless);
        var read = await user.AskAsync("tides", Endless, "read");
        using var reader = await user.FollowAsync(read);
        await reader.ReadAsync(parser => parser.Frames.Count > 1);

        await Eventually.TrueAsync(async () => (await user.SendAsync(HttpMethod.Get, $"/v1/streams/{unread}")).Status == HttpStatusCode.Gone);
        await Eventually.True(() => host.Model.Calls is { Active: 1, Cancelled: 1 });
        Assert.Equal("streaming", await user.StateAsync(read)); // one frame was read, and that is enough
    }

    [Fact]
    public async Task Silence_OfTheModel_IsBrokenByComments()
    {
        await using var host = await StreamHost.StartAsync("--Streams:HeartbeatSeconds=0.3", "--Streams:DrainSeconds=0");
        var user = host.NewUser();
        using var reader = await user.FollowAsync(await user.AskAsync("tides", """{"failure":"Stall","after":0}"""));
        Assert.True(await reader.ReadAsync(parser => parser.Comments >= 3));
        Assert.Empty(reader.Parser.Frames);
        Assert.Equal(1000, reader.Parser.Retry);
    }

    [Fact]
    public async Task Metrics_AfterAnswers_CountModelCallsAndReaders()
    {
        await using var host = await StreamHost.StartAsync();
        var user = host.NewUser();
        for (var i = 0; i < 3; i++)
        {
            using var reader = await user.FollowAsync(await user.AskAsync("tides", """{"tokens":3}"""));
            await reader.ReadAllAsync();
        }

        Assert.Equal(3, await host.MetricAsync("fairway_model_calls_total"));
        Assert.Equal(3, await host.MetricAsync("fairway_gateway_stream_posts_total"));
        await Eventually.TrueAsync(async () => await host.MetricAsync("fairway_gateway_stream_readers") == 0);
    }

    private static void AssertRefused(Answer answer, HttpStatusCode status, string code)
    {
        answer.AssertRefused(status, code);
        Assert.True(answer.RetryAfter is > 0, $"Retry-After: {answer.RetryAfter}");
    }
}
