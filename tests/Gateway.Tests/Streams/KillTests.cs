using System.Net;
using Fairway.Gateway.Tests.Brokers;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>What a Gateway that was killed with SIGKILL held: each reader gets the rest, or one coded end.</summary>
[Collection(BrokerCollection.Name)]
public sealed class KillTests(BrokerFixture brokers)
{
    private const string Endless = """{"tokens":100000,"tokensPerSecond":20}""";
    private const string Short = """{"tokens":6}""";
    private const int Workers = 6;

    [Fact]
    public async Task Kill_UnderReaders_EachGetsTheRestOrOneCodedEnd()
    {
        await using var host = await KilledGateway.StartAsync($"--Streams:MaxConcurrent={Workers}");

        // ended, read in part, not acknowledged
        var ended = await host.AskAllAsync("ended", Workers, Short);
        foreach (var reader in ended)
        {
            await reader.ReadAsync(3);
            await Eventually.TrueAsync(async () => await reader.User.StateAsync(reader.Version) == "done");
        }

        // acknowledged: gone, before and after
        var acknowledged = ended[0];
        Assert.Equal(HttpStatusCode.NoContent, (await acknowledged.User.AcknowledgeAsync(acknowledged.Version)).Status);

        var running = await RunningAsync(host);
        var waiting = await host.AskAllAsync("waiting", 20, Short); // accepted, and no worker has come to them
        var older = waiting[0];
        var newer = new KilledReader(older.User, await older.User.AskAsync("again", Short));

        await host.KillAndStartAsync();

        var all = ended.Skip(1).Concat(running).Concat(waiting).Append(newer).ToArray();
        await Task.WhenAll(all.Select(reader => reader.ReadToEndAsync()));
        Assert.All(all, reader => reader.AssertOnce());
        Assert.All(running, AssertInterrupted);
        Assert.All(ended.Skip(1).Concat(waiting.Skip(1)).Append(newer), AssertWhole);
        Assert.Equal(("superseded", $$"""{"by":"{{newer.Version}}"}"""), (older.Frames[^1].Event, older.Frames[^1].Data));

        using var current = await newer.User.FollowAsync("current");
        Assert.Equal(newer.Version, (await current.ReadAllAsync())[0].Id.Split(':')[0]);
        Assert.Equal(HttpStatusCode.NoContent, (await newer.User.AcknowledgeAsync(newer.Version)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await acknowledged.User.AcknowledgeAsync(acknowledged.Version)).Status);
        using var gone = await acknowledged.User.FollowAsync(acknowledged.Version);
        Assert.Equal(HttpStatusCode.Gone, gone.Status);
        Assert.Equal(Workers + Workers + 20, host.Model.Calls.Calls); // no model is asked a second time; the superseded one was never asked
    }

    [Fact]
    public async Task Kill_UnderReadersOverABroker_EachGetsTheRestOrOneCodedEnd()
    {
        await using var host = await KilledGateway.StartAsync(
            [$"--Streams:MaxConcurrent={Workers}", .. brokers.RabbitSettings(BrokerFixture.NewName())]);
        var running = await RunningAsync(host);
        var waiting = await host.AskAllAsync("waiting", 20, Short);

        await host.KillAndStartAsync();

        var all = running.Concat(waiting).ToArray();
        await Task.WhenAll(all.Select(reader => reader.ReadToEndAsync()));
        Assert.All(all, reader => reader.AssertOnce());
        Assert.All(running, AssertInterrupted);
        Assert.All(waiting, AssertWhole);
    }

    /// <summary>In mid-answer, with two readers each.</summary>
    private static async Task<KilledReader[]> RunningAsync(KilledGateway host)
    {
        var running = await host.AskAllAsync("running", Workers, Endless);
        running = [.. running, .. running.Select(reader => reader.Beside())];
        foreach (var reader in running)
        {
            await reader.ReadAsync(4);
        }

        return running;
    }

    private static void AssertInterrupted(KilledReader reader) =>
        Assert.Contains("\"code\":\"INTERRUPTED\"", reader.Frames[^1].Data, StringComparison.Ordinal);

    private static void AssertWhole(KilledReader reader) => Assert.Equal(("stop", 9), (reader.Frames[^1].Event, reader.Frames.Count));
}
