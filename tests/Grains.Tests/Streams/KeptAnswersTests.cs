using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Testing;

namespace Fairway.Grains.Tests.Streams;

/// <summary>An answer that has come to its end outlives the process of its grain, until its user has it.</summary>
public sealed class KeptAnswersTests
{
    private readonly FakeStore _store = new();

    [Fact]
    public async Task Killed_AnswerHadEnded_TheNextActivationHasItFrameByFrame()
    {
        long version;
        await using (var first = await StreamHost.StartAsync(_store))
        {
            version = await first.AnswerAsync();
            Assert.Equal([version], _store.Kept);
        }

        _store.LoseSaved();
        await using var second = await StreamHost.StartAsync(_store);

        Assert.Equal(["Delta \"a\"", "Stop {\"reason\":\"stop\"}"], await second.ReadAsync(version));
        Assert.Equal(["Stop {\"reason\":\"stop\"}"], await second.ReadAsync(version, offset: 1));
        Assert.Equal(version, await second.Grain.Current("main"));
        Assert.Equal((int)AckResult.Acknowledged, await second.Grain.Acknowledge(version));
        Assert.Equal("\"a\"", System.Text.Encoding.UTF8.GetString(Assert.Single(second.History.Entries).Chunks.Single().Span));
        await Eventually.True(() => _store.Kept.Count == 0);
    }

    [Fact]
    public async Task Killed_JobOfAKeptAnswer_IsNotInterrupted()
    {
        long version;
        await using (var first = await StreamHost.StartAsync(_store))
        {
            version = await first.AnswerAsync();
        }

        _store.LoseSaved();
        await using var second = await StreamHost.StartAsync(_store);
        await second.Grain.Restore([StreamHost.Job(version, 1, mayHaveStored: true)]);

        Assert.Equal(2, (await second.ReadAsync(version))!.Count);
        Assert.Equal(AppendOutcome.Ended, await second.BeginAsync(StreamHost.Job(version, 2, mayHaveStored: true)));
    }

    [Fact]
    public async Task Kept_AcknowledgedSupersededOrExpired_IsForgotten()
    {
        await using var host = await StreamHost.StartAsync(_store);
        var acknowledged = await host.AnswerAsync("a");
        var superseded = await host.AnswerAsync("b");
        var expiring = await host.AnswerAsync("c");
        var stopped = await host.OpenAsync("d");
        await host.Grain.Stop(stopped);
        Assert.Equal([acknowledged, superseded, expiring, stopped], _store.Kept);

        await host.Grain.Acknowledge(acknowledged);
        await host.OpenAsync("b");

        await Eventually.True(() => _store.Kept.SequenceEqual([expiring, stopped]));
        await host.PassAsync(TimeSpan.FromSeconds(301));
        await Eventually.True(() => _store.Kept.Count == 0);
    }

    [Fact]
    public async Task Kept_RelayedCalls_OnlyThoseThatCanBeAskedForAgain()
    {
        await using var host = await StreamHost.StartAsync(_store);

        await host.AnswerAsync("~call");
        Assert.Empty(_store.Kept);

        var response = await host.AnswerAsync("~response-1");
        Assert.Equal([response], _store.Kept);
    }

    [Fact]
    public async Task Killed_BetweenHistoryAndForgetting_TheAnswerDoesNotComeBack()
    {
        long version;
        await using (var first = await StreamHost.StartAsync(_store))
        {
            version = await first.AnswerAsync();
        }

        _store.LoseSaved();
        await using var second = await StreamHost.StartAsync(_store, history: [version]);

        Assert.Null(await second.ReadAsync(version));
        Assert.Equal((int)AckResult.Acknowledged, await second.Grain.Acknowledge(version));
        await Eventually.True(() => _store.Kept.Count == 0);
    }

    [Fact]
    public async Task Activation_StoreAway_TakesRequestsAndSaysSoOfWhatItDoesNotKnow()
    {
        long version;
        await using (var first = await StreamHost.StartAsync(_store))
        {
            version = await first.AnswerAsync("earlier");
        }

        _store.LoseSaved();
        _store.IsAway = true;
        var later = new ManualClock();
        later.Advance(TimeSpan.FromSeconds(1)); // or the same version would be minted again
        await using var second = await StreamHost.StartAsync(_store, later);
        var asked = await second.OpenAsync();
        Assert.NotNull(await second.Grain.Find(asked));
        await Assert.ThrowsAsync<HistoryAwayException>(() => second.Grain.Find(version));
        await Assert.ThrowsAsync<HistoryAwayException>(() => second.Grain.Current("earlier"));
        Assert.Equal(2, (await AnswerAsync(second, asked)).Count); // the answer is told, though it could not be kept

        _store.IsAway = false;

        Assert.Equal(2, (await second.ReadAsync(version))!.Count);
        Assert.NotNull(await second.Grain.Find(asked));
    }

    [Fact]
    public async Task MayYetLearn_NoSiloCameOrWent_IsFalse()
    {
        await using var host = await StreamHost.StartAsync(_store);

        Assert.False(await host.Grain.MayYetLearn(0));
        Assert.False(await host.Grain.MayYetLearn(host.Clock.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    private static async Task<IReadOnlyList<string>> AnswerAsync(StreamHost host, long version)
    {
        await host.AppendAsync(StreamHost.Job(version), 0, StreamHost.Delta("a"), Terminals.Done);
        return (await host.ReadAsync(version))!;
    }
}
