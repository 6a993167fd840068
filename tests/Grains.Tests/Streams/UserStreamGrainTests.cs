using System.Diagnostics.Metrics;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Grains.Tests.Hosting;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Grains.Tests.Streams;

public sealed class UserStreamGrainTests
{
    [Fact]
    public async Task Append_SubscribedReader_IsPushedWhatItWouldPull()
    {
        await using var host = await StreamHost.StartAsync();
        var version = await host.OpenAsync();
        var job = StreamHost.Job(version);
        Assert.Equal([], await host.ReadAsync(version));

        Assert.Equal(AppendOutcome.Accepted, await host.BeginAsync(job));
        Assert.Equal((AppendOutcome.Accepted, 2), await host.AppendAsync(job, 0, StreamHost.Delta("a"), StreamHost.Delta("b")));
        Assert.Equal((AppendOutcome.Gap, 2), await host.AppendAsync(job, 3, StreamHost.Delta("d")));
        await host.AppendAsync(job, 1, StreamHost.Delta("b"), Terminals.Done);

        await DirectoryHost.Until(() => host.Reader.Told.Count == 2);
        Assert.Equal(["0 Delta Delta", "2 Stop"], host.Reader.Told);
        Assert.Equal(["Delta \"b\"", "Stop {\"reason\":\"stop\"}"], await host.ReadAsync(version, 1));
    }

    [Fact]
    public async Task Restore_WhatAProcessLeftBehind_WaitsIsInterruptedSupersededOrForgotten()
    {
        await using var host = await StreamHost.StartAsync();
        host.History.Acknowledged.Add(4);
        host.History.Acknowledged.Add(9);

        await host.Grain.Restore(
        [
            StreamHost.Job(4, mayHaveStored: true, conversation: "acknowledged"),
            StreamHost.Job(5, mayHaveStored: true, conversation: "lost"),
            StreamHost.Job(6, mayHaveStored: true, conversation: "again"),
            StreamHost.Job(7, attempt: 2, conversation: "again"),
            StreamHost.Job(8, mayHaveStored: true, conversation: "over"),
            StreamHost.Job(9, mayHaveStored: true, conversation: "over"),
        ]);

        Assert.Null(await host.ReadAsync(4));
        Assert.Contains("INTERRUPTED", Assert.Single((await host.ReadAsync(5, 1000))!), StringComparison.Ordinal);
        Assert.Equal("""Superseded {"by":"7"}""", Assert.Single((await host.ReadAsync(6, 1000))!));
        Assert.Equal([], await host.ReadAsync(7));
        Assert.Equal(7, await host.Grain.Current("again"));
        Assert.Equal("""Superseded {"by":"9"}""", Assert.Single((await host.ReadAsync(8, 1000))!));
        Assert.Equal(0, await host.Grain.Current("over"));
        Assert.Equal(AppendOutcome.Ended, await host.BeginAsync(StreamHost.Job(5, attempt: 2, mayHaveStored: true, conversation: "lost")));
        Assert.Equal(AppendOutcome.Accepted, await host.BeginAsync(StreamHost.Job(7, attempt: 2, conversation: "again")));
    }

    [Fact]
    public async Task Subscription_NotRenewedInItsLease_IsPushedNothingMore()
    {
        await using var host = await StreamHost.StartAsync(settings: ("ObserverSeconds", "2"));
        var version = await host.OpenAsync();
        await host.ReadAsync(version);
        await host.PassAsync(TimeSpan.FromSeconds(2) * host.LeaseFactor);
        await host.AppendAsync(StreamHost.Job(version), 0, StreamHost.Delta("a"));
        await DirectoryHost.Until(() => host.Reader.Told.Count == 1);

        await host.PassAsync(TimeSpan.FromSeconds(1));
        await host.AppendAsync(StreamHost.Job(version), 1, StreamHost.Delta("b"));
        await host.ReadAsync(version);
        await host.AppendAsync(StreamHost.Job(version), 2, StreamHost.Delta("c"));

        await DirectoryHost.Until(() => host.Reader.Told.Count == 2);
        Assert.Equal(["0 Delta", "2 Delta"], host.Reader.Told);
    }

    [Fact]
    public async Task Append_OfAGatewayThatReads_IsLeftToItUntilTheEnd()
    {
        await using var host = await StreamHost.StartAsync();
        var version = await host.OpenAsync();
        await host.ReadAsync(version, gateway: "gw-own");

        var first = await host.AppendOfAsync("gw-own", version, 0, StreamHost.Delta("a"));
        var again = await host.AppendOfAsync("gw-own", version, 0, StreamHost.Delta("a"), StreamHost.Delta("b"));
        var other = await host.AppendOfAsync("gw-other", version, 2, StreamHost.Delta("c"));
        var last = await host.AppendOfAsync("gw-own", version, 3, Terminals.Done);

        Assert.True(first.IsToShow && again.IsToShow && other.IsToShow);
        Assert.False(last.IsToShow);
        await DirectoryHost.Until(() => host.Reader.Told.Count == 2);
        Assert.Equal(["2 Delta", "3 Stop"], host.Reader.Told);
    }

    [Fact]
    public async Task Append_OfAGatewayThatReads_TheOthersAreTold()
    {
        await using var host = await StreamHost.StartAsync();
        var version = await host.OpenAsync();
        await host.ReadAsync(version, gateway: "gw-own");
        await host.ReadAsync(version, gateway: "gw-other");

        await host.AppendOfAsync("gw-own", version, 0, StreamHost.Delta("a"));
        await host.AppendOfAsync("gw-third", version, 1, StreamHost.Delta("b"));

        await DirectoryHost.Until(() => host.Reader.Told.Count == 3);
        Assert.Equal(["0 Delta", "1 Delta", "1 Delta"], host.Reader.Told);
    }

    [Fact]
    public async Task Append_EndedByItsSize_IsToldToAll()
    {
        await using var host = await StreamHost.StartAsync(settings: ("MaxBytes", "1024"));
        var version = await host.OpenAsync();
        await host.ReadAsync(version, gateway: "gw-own");

        var reply = await host.AppendOfAsync("gw-own", version, 0, StreamHost.Delta("a"), StreamHost.Delta(new string('b', 2000)));

        Assert.False(reply.IsToShow);
        await DirectoryHost.Until(() => host.Reader.Told.Count == 1);
        Assert.Equal(["0 Delta Error"], host.Reader.Told);
    }

    [Fact]
    public async Task Acknowledge_Answer_IsInHistoryBeforeItIsFreed()
    {
        await using var host = await StreamHost.StartAsync();
        var version = await host.AnswerAsync();
        host.History.IsFailing = true;
        await Assert.ThrowsAsync<IOException>(() => host.Grain.Acknowledge(version));
        Assert.NotNull(await host.ReadAsync(version));

        host.History.IsFailing = false;
        Assert.Equal((int)AckResult.Acknowledged, await host.Grain.Acknowledge(version));

        var entry = Assert.Single(host.History.Entries);
        Assert.Equal("\"a\""u8.ToArray(), Assert.Single(entry.Chunks).ToArray());
        Assert.True(entry.IsAcknowledged);
        Assert.Null(await host.ReadAsync(version));
        Assert.Equal((int)AckResult.Acknowledged, await host.Grain.Acknowledge(version));
        await DirectoryHost.Until(() => host.Reader.Told.LastOrDefault() == "freed 2");
    }

    [Fact]
    public async Task Acknowledge_NoAnswer_IsRememberedWithoutHistory()
    {
        await using var host = await StreamHost.StartAsync();
        var failed = await host.OpenAsync("failed");
        Assert.Equal((int)AckResult.NotFinished, await host.Grain.Acknowledge(failed));
        await host.AppendAsync(StreamHost.Job(failed, conversation: "failed"), 0, Terminals.Error("UPSTREAM_ERROR", "no"));
        var relayed = await host.AnswerAsync("~1");

        Assert.Equal((int)AckResult.Acknowledged, await host.Grain.Acknowledge(failed));
        Assert.Equal((int)AckResult.Acknowledged, await host.Grain.Acknowledge(relayed));
        Assert.Equal((int)AckResult.Gone, await host.Grain.Acknowledge(1));

        Assert.Empty(host.History.Entries);
        Assert.Equal([failed], host.History.Acknowledged);
    }

    [Fact]
    public async Task HistoryOnFinish_TerminalStored_IsWrittenThen()
    {
        await using var host = await StreamHost.StartAsync(settings: ("HistoryOn", "finish"));
        var answered = await host.AnswerAsync("a");
        var stopped = await host.OpenAsync("b");
        await host.AppendAsync(StreamHost.Job(stopped, conversation: "b"), 0, StreamHost.Delta("x"));
        Assert.True(await host.Grain.Stop(stopped));

        Assert.Equal([(answered, false), (stopped, false)], host.History.Entries.Select(entry => (entry.Version, entry.IsAcknowledged)));
    }

    [Theory]
    [InlineData("stop", "Stop {\"reason\":\"stopped\"}")]
    [InlineData("supersede", "Superseded")]
    public async Task NotWantedAnyMore_BeforeTheFirstFrame_TheWorkerIsToldAndRefused(string how, string terminal)
    {
        await using var host = await StreamHost.StartAsync();
        var version = await host.OpenAsync();
        await host.BeginAsync(StreamHost.Job(version));

        _ = how == "stop" ? await host.Grain.Stop(version) ? 1 : 0 : await host.OpenAsync();

        await DirectoryHost.Until(() => host.Worker.Cancelled == 1);
        Assert.Equal(AppendOutcome.Ended, (await host.AppendAsync(StreamHost.Job(version), 0, StreamHost.Delta("late"))).Outcome);
        Assert.StartsWith(terminal, Assert.Single((await host.ReadAsync(version))!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unread_AfterItsTime_ExpiresWithItsReadersToldAndTheModelCancelled()
    {
        await using var host = await StreamHost.StartAsync();
        using var expired = new Counted("fairway_streams_expired_total");
        var version = await host.OpenAsync();
        await host.BeginAsync(StreamHost.Job(version));
        await host.ReadAsync(version);
        await host.PassAsync(TimeSpan.FromSeconds(50));
        await host.ReadAsync(version);
        Assert.Empty(host.Reader.Told);

        await host.PassAsync(TimeSpan.FromSeconds(10));

        await DirectoryHost.Until(() => host.Reader.Told.Count == 1 && host.Worker.Cancelled == 1);
        Assert.Equal(["freed 0 Expired"], host.Reader.Told);
        Assert.Null(await host.ReadAsync(version));
        Assert.Equal(AppendOutcome.Ended, await host.BeginAsync(StreamHost.Job(version, 2)));
        Assert.True(expired.Value >= 1);
    }

    [Fact]
    public async Task Unacknowledged_AfterItsTime_IsFreedWithoutHistory()
    {
        await using var host = await StreamHost.StartAsync();
        await host.PassAsync(TimeSpan.FromSeconds(30));
        var version = await host.AnswerAsync();

        await host.PassAsync(TimeSpan.FromSeconds(60));
        await host.PassAsync(TimeSpan.FromSeconds(239.9));
        Assert.NotNull(await host.ReadAsync(version));
        await host.PassAsync(TimeSpan.FromSeconds(0.1));

        Assert.Null(await host.ReadAsync(version));
        Assert.Empty(host.History.Entries);
    }

    [Fact]
    public async Task Begin_VersionOfALostActivation_IsTakenOverUnlessFramesAreLost()
    {
        await using var host = await StreamHost.StartAsync();

        Assert.Equal(AppendOutcome.Accepted, await host.BeginAsync(StreamHost.Job(100, 2, conversation: "a")));
        Assert.Equal(AppendOutcome.Ended, await host.BeginAsync(StreamHost.Job(200, 2, mayHaveStored: true, conversation: "b")));
        Assert.Equal((AppendOutcome.Gap, 0), await host.AppendAsync(StreamHost.Job(300, conversation: "c"), 5, StreamHost.Delta("f")));

        Assert.Contains("INTERRUPTED", Assert.Single((await host.ReadAsync(200, offset: 70))!), StringComparison.Ordinal);
        Assert.Equal(AppendOutcome.Fenced, await host.BeginAsync(StreamHost.Job(100, 1, conversation: "a")));
        Assert.True(await host.Grain.Stop(300));
        await DirectoryHost.Until(() => host.Worker.Cancelled == 1); // this activation never saw its Begin
    }

    [Fact]
    public async Task Begin_VersionAcknowledgedLongAgo_IsNotRevived()
    {
        await using var host = await StreamHost.StartAsync();
        host.History.Acknowledged.Add(100);

        Assert.Equal(AppendOutcome.Ended, await host.BeginAsync(StreamHost.Job(100, 2, mayHaveStored: true)));
        Assert.Equal(0, await host.Grain.Current("main"));
    }

    [Fact]
    public async Task NothingHeld_TwoMinutes_TheGrainGoesUnlessItWasAskedAgain()
    {
        await using var host = await StreamHost.StartAsync();
        var first = await host.AnswerAsync();
        await host.PassAsync(TimeSpan.FromSeconds(50)); // unread deadline would be the earliest; it is read
        await host.Grain.Acknowledge(first);
        await host.PassAsync(TimeSpan.FromSeconds(119));
        var second = await host.AnswerAsync();
        await host.Grain.Acknowledge(second);
        await host.PassAsync(TimeSpan.FromSeconds(119));
        Assert.Equal(1, host.Store.Taken);

        host.Clock.Advance(TimeSpan.FromSeconds(1.1));
        await Eventually.TrueAsync(async () =>
        {
            await host.Grain.Current("main");
            return host.Store.Taken == 2;
        });
        Assert.Equal((int)AckResult.Acknowledged, await host.Grain.Acknowledge(second));
    }

    [Fact]
    public async Task Shutdown_HeldStreams_AreThereAfterTheRestart()
    {
        var store = new FakeStore { Away = TimeSpan.FromSeconds(20) };
        long done, running;
        await using (var first = await StreamHost.StartAsync(store))
        {
            done = await first.AnswerAsync("done");
            running = await first.OpenAsync("running");
            await first.AppendAsync(StreamHost.Job(running, conversation: "running"), 0, StreamHost.Delta("x"));
        }

        Assert.True(store.HasSaved);
        await using var second = await StreamHost.StartAsync(store);
        Assert.Equal(["Delta \"a\"", "Stop {\"reason\":\"stop\"}"], await second.ReadAsync(done));
        Assert.Equal(AppendOutcome.Ended, await second.BeginAsync(StreamHost.Job(running, 2, mayHaveStored: true, conversation: "running")));
        var frames = await second.ReadAsync(running);
        Assert.Equal("Delta \"x\"", frames![0]);
        Assert.Contains("INTERRUPTED", frames[1], StringComparison.Ordinal);
        Assert.False(store.HasSaved);
    }

    [Fact]
    public async Task Shutdown_AwayForLonger_WhatWasDueHasExpired()
    {
        var store = new FakeStore { Away = TimeSpan.FromMinutes(6) };
        long done;
        await using (var first = await StreamHost.StartAsync(store))
        {
            done = await first.AnswerAsync();
        }

        await using var second = await StreamHost.StartAsync(store);
        Assert.Null(await second.ReadAsync(done));
    }

    [Fact]
    public async Task Open_BoundsReached_SaysWhich()
    {
        await using var host = await StreamHost.StartAsync(settings: [("MaxConversations", "2"), ("MaxBytes", "1024"), ("MaxTotalBytes", "1024")]);
        var first = await host.OpenAsync("a");
        await host.OpenAsync("b");
        Assert.Equal(OpenRefusal.TooManyConversations, await host.OpenAsync("c"));
        Assert.True(await host.OpenAsync("~relay") > 0);

        await host.AppendAsync(StreamHost.Job(first, conversation: "a"), 0, StreamHost.Delta(new string('x', 1000)));
        Assert.True(await host.OpenAsync("b") > 0);
        await host.AppendAsync(StreamHost.Job(await host.Grain.Current("b"), conversation: "b"), 0, StreamHost.Delta(new string('x', 1000)));
        Assert.Equal(OpenRefusal.BuffersFull, await host.OpenAsync("b"));

        await host.Grain.Stop(first);
        await host.Grain.Acknowledge(first);
        Assert.True(await host.OpenAsync("b") > 0);
    }

    [Theory]
    [InlineData("UnreadSeconds", "0")]
    [InlineData("UnackedSeconds", "-1")]
    [InlineData("IdleSeconds", "1000000")]
    [InlineData("MaxBytes", "10")]
    [InlineData("MaxTotalBytes", "2048")]
    [InlineData("MaxConversations", "0")]
    public async Task Start_OptionThatCannotWork_IsRefusedByName(string key, string value)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => StreamHost.StartAsync(settings: (key, value)));

        Assert.Contains($"Streams:{key}", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>What a counter was raised by, in this process.</summary>
    private sealed class Counted : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _value;

        public Counted(string name)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _value, value));
            _listener.Start();
        }

        public long Value => Interlocked.Read(ref _value);

        public void Dispose() => _listener.Dispose();
    }
}
