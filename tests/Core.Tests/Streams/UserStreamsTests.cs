using System.Text;
using Fairway.Core.Streams;
using Fairway.Testing;

namespace Fairway.Core.Tests.Streams;

public sealed class UserStreamsTests
{
    private readonly ManualClock _clock = new();
    private readonly List<StreamEffect> _effects = [];
    private readonly UserStreams _streams;

    public UserStreamsTests() => _streams = new UserStreams(new StreamLimits { MaxBytes = 100, MaxConversations = 2 }, _clock);

    [Fact]
    public void TakeBack_WhereMoreIsKnown_TheBetterKnowledgeStands()
    {
        var taken = Open("a");
        Append(taken, 0, "1");
        _streams.Append(taken, 1, 1, [Terminals.Done], _effects);
        var saved = _streams.SaveEnded(taken)!;
        var freed = saved with { Version = taken - 1, Conversation = "b" };
        var another = new UserStreams(new StreamLimits(), _clock);
        another.TakeBack(freed, TimeSpan.Zero, _effects);
        another.Acknowledge(freed.Version, _effects);
        var newer = another.Open("a", default, _effects).Version;

        another.TakeBack(saved with { Version = newer - 1 }, TimeSpan.Zero, _effects); // its conversation has gone on
        another.TakeBack(freed, TimeSpan.Zero, _effects);

        Assert.Equal(newer, another.Current("a"));
        Assert.Null(another.Find(newer - 1));
        Assert.Null(another.Find(freed.Version));
    }

    [Fact]
    public void TakeBack_TwoOfOneConversation_TheOlderIsSuperseded()
    {
        var version = Open("a");
        _streams.Append(version, 1, 0, [Terminals.Done], _effects);
        var saved = _streams.SaveEnded(version)!;
        var another = new UserStreams(new StreamLimits(), _clock);

        another.TakeBack(new SavedStreams(version + 1, [saved with { Version = version + 1 }, saved], []), TimeSpan.Zero, _effects);

        Assert.Equal(version + 1, another.Current("a"));
        Assert.Equal(StreamState.Superseded, another.Find(version)!.State);
    }

    [Fact]
    public void SaveEnded_RunningOrSuperseded_IsNull()
    {
        var version = Open("a");
        Assert.Null(_streams.SaveEnded(version));
        _streams.Append(version, 1, 0, [Terminals.Done], _effects);
        Assert.NotNull(_streams.SaveEnded(version));
        Open("a");
        Assert.Null(_streams.SaveEnded(version));
        Assert.Null(_streams.SaveEnded(1));
    }

    [Fact]
    public void Open_SameMillisecond_MintsGrowingVersions()
    {
        var first = Open("a");
        var second = Open("b");

        Assert.Equal(_clock.GetUtcNow().ToUnixTimeMilliseconds(), first);
        Assert.Equal(first + 1, second);
    }

    [Fact]
    public void Open_ClockSetBack_StillMintsGrowingVersions()
    {
        var adopted = _clock.GetUtcNow().ToUnixTimeMilliseconds() + 5000;
        Assert.True(_streams.Adopt(adopted, "a", default, _effects));

        Assert.Equal(adopted + 1, Open("b"));
    }

    [Fact]
    public void Open_OneConversationTooMany_IsRefused()
    {
        Open("a");
        Open("b");

        Assert.False(_streams.Open("c", default, _effects).IsAdmitted);
        Assert.NotEqual(0, Open("a"));
    }

    [Fact]
    public void Open_CurrentStreams_SupersedesAndCancelsIt()
    {
        var older = Open("a");
        Append(older, 0, "1", "2");
        _effects.Clear();

        var newer = Open("a");

        Assert.Contains(new StreamEffect.CancelModel(older), _effects);
        Assert.Equal(StreamState.Superseded, _streams.Find(older)!.State);
        Assert.Equal([$$"""{"by":"{{newer}}"}"""], Texts(_streams.Read(older, 0)));
        Assert.Equal(2, _streams.Read(older, 0)!.Value.FirstOffset);
        Assert.Equal(AppendOutcome.Ended, Append(older, 2, "3").Outcome);
    }

    [Fact]
    public void Open_CurrentIsDoneAndUnread_ItsTerminalBecomesSuperseded()
    {
        var older = Open("a");
        Append(older, 0, "1", Terminals.Done);

        Open("a");

        var read = _streams.Read(older, 0)!.Value;
        Assert.Equal((1, FrameKind.Superseded), (read.FirstOffset, Assert.Single(read.Frames).Kind));
        Assert.Empty(_streams.Read(older, 2)!.Value.Frames);
    }

    [Fact]
    public void Append_SentAgainAfterLostReply_StoresEachFrameOnce()
    {
        var version = Open("a");
        Append(version, 0, "1", "2");

        Assert.Equal(new AppendResult(AppendOutcome.Accepted, 3), Append(version, 0, "1", "2", "3"));
        Assert.Equal(["1", "2", "3"], Texts(_streams.Read(version, 0)));
    }

    [Fact]
    public void Append_FramesMissing_AsksForThem()
    {
        var version = Open("a");
        Append(version, 0, "1");

        Assert.Equal(new AppendResult(AppendOutcome.Gap, 1), Append(version, 2, "3"));
    }

    [Fact]
    public void Append_EarlierAttempt_IsFenced()
    {
        var version = Open("a");
        _streams.Begin(version, 2, _effects);

        Assert.Equal(AppendOutcome.Fenced, _streams.Append(version, 1, 0, Frames("1"), _effects).Outcome);
    }

    [Fact]
    public void Begin_SecondAttemptAfterFirstFrame_EndsInInterrupted()
    {
        var version = Open("a");
        Append(version, 0, "1");

        Assert.Equal(AppendOutcome.Ended, _streams.Begin(version, 2, _effects).Outcome);
        Assert.Equal(StreamState.Failed, _streams.Find(version)!.State);
        Assert.Contains(StreamErrors.Interrupted, Texts(_streams.Read(version, 1))[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Begin_SecondAttemptBeforeFirstFrame_Runs()
    {
        var version = Open("a");
        _streams.Begin(version, 1, _effects);

        Assert.Equal(AppendOutcome.Accepted, _streams.Begin(version, 2, _effects).Outcome);
        Assert.Equal(AppendOutcome.Accepted, _streams.Append(version, 2, 0, Frames("1"), _effects).Outcome);
    }

    [Fact]
    public void Append_OverMaxBytes_EndsInCodedErrorAndCancels()
    {
        var version = Open("a");

        Append(version, 0, new string('x', 60), new string('y', 60), "never");

        Assert.Equal(StreamState.Failed, _streams.Find(version)!.State);
        Assert.Equal(2, _streams.Find(version)!.Frames);
        Assert.Contains(new StreamEffect.CancelModel(version), _effects);
    }

    [Fact]
    public void Append_FramesAfterTerminal_AreNotStored()
    {
        var version = Open("a");
        Append(version, 0, "1", Terminals.Done, "2");

        Assert.Equal(2, _streams.Find(version)!.Frames);
    }

    [Fact]
    public void Acknowledge_BeforeTerminal_IsNotFinished()
    {
        var version = Open("a");
        Append(version, 0, "1");

        Assert.Equal(AckResult.NotFinished, _streams.Acknowledge(version, _effects));
    }

    [Fact]
    public void Acknowledge_Done_WritesHistoryFreesAndMayBeRepeatedForADay()
    {
        var version = Open("a");
        Append(version, 0, "1", Terminals.Done);

        var history = _streams.BeforeAcknowledge(version)!;
        Assert.Equal((StreamState.Done, 2), (history.State, history.Frames.Count));
        Assert.Equal(AckResult.Acknowledged, _streams.Acknowledge(version, _effects));
        Assert.Null(_streams.Read(version, 0));

        Tick(TimeSpan.FromHours(23.9));
        Assert.Equal(AckResult.Acknowledged, _streams.Acknowledge(version, _effects));
        Tick(TimeSpan.FromHours(0.2));
        Assert.Equal(AckResult.Gone, _streams.Acknowledge(version, _effects));
        Assert.Null(_streams.BeforeAcknowledge(version));
    }

    [Theory]
    [InlineData(FrameKind.Error)]
    [InlineData(FrameKind.Superseded)]
    public void Acknowledge_NoAnswer_FreesWithoutHistory(FrameKind end)
    {
        var version = Open("a");
        if (end == FrameKind.Error)
        {
            Append(version, 0, Terminals.Error("UPSTREAM_ERROR", "The model failed."));
        }
        else
        {
            Open("a");
        }

        Assert.Null(_streams.BeforeAcknowledge(version));
        Assert.Equal(AckResult.Acknowledged, _streams.Acknowledge(version, _effects));
        Assert.Null(_streams.Find(version));
    }

    [Fact]
    public void Stop_Streaming_CancelsOnceAndEntersHistoryOnAcknowledge()
    {
        var version = Open("a");
        Append(version, 0, "1");

        Assert.True(_streams.Stop(version, _effects));
        Assert.True(_streams.Stop(version, _effects));

        Assert.Single(_effects.OfType<StreamEffect.CancelModel>());
        Assert.Equal(StreamState.Stopped, _streams.BeforeAcknowledge(version)!.State);
    }

    [Fact]
    public void Withdraw_Queued_FreesItsPlaceAndNoWorkerRevivesIt()
    {
        var version = Open("a");
        Open("b");
        _effects.Clear();

        _streams.Withdraw(version, _effects);

        Assert.Null(_streams.Find(version));
        Assert.Null(_streams.Current("a"));
        Assert.Contains(_effects, effect => effect is StreamEffect.Freed freed && freed.Version == version);
        Assert.False(_streams.Adopt(version, "a", default, _effects));
        Assert.NotEqual(0, Open("c"));
    }

    [Fact]
    public void Withdraw_Unknown_ChangesNothing()
    {
        _streams.Withdraw(7, _effects);

        Assert.Empty(_effects);
    }

    [Fact]
    public void Stop_Unknown_IsFalse() => Assert.False(_streams.Stop(7, _effects));

    [Fact]
    public void Tick_NeverRead_ExpiresAndCancels()
    {
        var version = Open("a");
        Append(version, 0, "1");

        Tick(TimeSpan.FromSeconds(59));
        Assert.NotNull(_streams.Find(version));
        Tick(TimeSpan.FromSeconds(1));

        Assert.Contains(new StreamEffect.CancelModel(version), _effects);
        Assert.Contains(new StreamEffect.Freed(version, StreamState.Expired, 1, Terminals.Expired), _effects);
        Assert.True(_streams.IsIdle);
    }

    [Fact]
    public void Tick_ReadButNotAcknowledged_ExpiresFiveMinutesAfterItsEnd()
    {
        var version = Open("a");
        Append(version, 0, "1");
        _streams.MarkRead(version);
        Tick(TimeSpan.FromMinutes(10));
        Append(version, 1, Terminals.Done);

        Tick(TimeSpan.FromSeconds(299));
        Assert.NotNull(_streams.Find(version));
        Tick(TimeSpan.FromSeconds(1));

        Assert.Null(_streams.Find(version));
        Assert.Equal(AckResult.Gone, _streams.Acknowledge(version, _effects));
    }

    [Fact]
    public void Tick_Superseded_IsRememberedFiveMinutes()
    {
        var older = Open("a");
        var newer = Open("a");
        _streams.MarkRead(newer);

        Tick(TimeSpan.FromSeconds(299));
        Assert.NotNull(_streams.Find(older));
        Tick(TimeSpan.FromSeconds(1));

        Assert.Null(_streams.Find(older));
        Assert.NotNull(_streams.Find(newer));
    }

    [Fact]
    public void Adopt_MovedVersion_TakesFramesFromTheStart()
    {
        Assert.True(_streams.Adopt(5, "a", default, _effects));

        Assert.Equal(new AppendResult(AppendOutcome.Gap, 0), Append(5, 3, "4"));
        Assert.Equal(AppendOutcome.Accepted, Append(5, 0, "1", "2", "3", "4").Outcome);
    }

    [Fact]
    public void Adopt_FreedOrSuperseded_IsRefused()
    {
        var freed = Open("a");
        Append(freed, 0, Terminals.Done);
        _streams.Acknowledge(freed, _effects);
        Open("b");

        Assert.False(_streams.Adopt(freed, "a", default, _effects));
        Assert.False(_streams.Adopt(3, "b", default, _effects));
    }

    [Fact]
    public void Adopt_NewerThanWhatIsHeld_SupersedesItAlsoWhereItsFramesAreLost()
    {
        _streams.Adopt(5, "a", default, _effects);
        _streams.Interrupt(5, _effects);

        Assert.True(_streams.Adopt(6, "a", default, _effects));

        Assert.Equal(6, _streams.Current("a"));
        Assert.Equal(["""{"by":"6"}"""], Texts(_streams.Read(5, 57)));
    }

    [Fact]
    public void Adopt_MoreConversationsThanAllowed_KeepsWhatWasAdmitted()
    {
        Open("a");
        Open("b");

        Assert.True(_streams.Adopt(5, "c", default, _effects));
        Assert.False(_streams.Open("d", default, _effects).IsAdmitted);
    }

    [Fact]
    public void Interrupt_FramesLostWithTheirHolder_EveryReaderGetsTheTerminal()
    {
        _streams.Adopt(5, "a", default, _effects);

        _streams.Interrupt(5, _effects);

        var read = _streams.Read(5, 57)!.Value;
        Assert.Equal((100, FrameKind.Error, StreamState.Failed), (read.FirstOffset, Assert.Single(read.Frames).Kind, read.State));
    }

    [Fact]
    public void Save_TakenBackByAnother_KeepsFramesAgesAndMemory()
    {
        var acknowledged = Open("a");
        Append(acknowledged, 0, Terminals.Done);
        _streams.Acknowledge(acknowledged, _effects);
        var older = Open("a");
        var streaming = Open("a");
        Append(streaming, 0, "1", "2");
        _clock.Advance(TimeSpan.FromSeconds(20));

        var back = new UserStreams(new StreamLimits(), _clock, _streams.Save(), away: TimeSpan.FromSeconds(10));

        Assert.Equal(["1", "2"], Texts(back.Read(streaming, 0)));
        Assert.Equal(StreamState.Superseded, back.Find(older)!.State);
        Assert.Equal(streaming, back.Current("a"));
        Assert.Equal(AckResult.Acknowledged, back.Acknowledge(acknowledged, _effects));
        Assert.Equal(TimeSpan.FromSeconds(30), back.UntilDue());
        Assert.Equal(AppendOutcome.Accepted, back.Append(streaming, 1, 2, Frames("3"), _effects).Outcome);
        Assert.True(back.Open("b", default, _effects).Version > streaming);
    }

    [Fact]
    public void UntilDue_ReadAndStreaming_WaitsForNoTime()
    {
        var version = Open("a");
        Assert.Equal(TimeSpan.FromSeconds(60), _streams.UntilDue());

        _streams.MarkRead(version);
        Assert.Null(_streams.UntilDue());

        Append(version, 0, Terminals.Done);
        Assert.Equal(TimeSpan.FromMinutes(5), _streams.UntilDue());
    }

    [Fact]
    public void Stress_AsksInTheUsersConversation_LeavesItAndEntersNoHistory()
    {
        var own = Open("a");
        Append(own, 0, "1", Terminals.Done);

        var tested = Open(ConversationNames.OfStress("a"));
        Append(tested, 0, "2", Terminals.Done);

        Assert.Equal(StreamState.Done, _streams.Find(own)!.State);
        Assert.NotNull(_streams.BeforeAcknowledge(own));
        Assert.Null(_streams.BeforeAcknowledge(tested));
        Assert.Null(_streams.SaveEnded(tested));
        Assert.Equal(AckResult.Acknowledged, _streams.Acknowledge(tested, _effects));
        Assert.Equal(own, _streams.Current("a"));
    }

    [Fact]
    public void Stress_HoldsAllItMay_TakesNoPlaceOfTheUsers()
    {
        Assert.NotEqual(0, Open(ConversationNames.OfStress("a")));
        Assert.NotEqual(0, Open(ConversationNames.OfStress("b")));
        Assert.Equal(0, Open(ConversationNames.OfStress("c")));

        Assert.NotEqual(0, Open("a"));
        Assert.NotEqual(0, Open("b"));
        Assert.Equal(0, Open("c"));
        Assert.Equal(4, _streams.Conversations);
    }

    [Fact]
    public void Kept_NobodyReads_StaysItsTimeAfterItsEndAndThenGoesWithoutAWord()
    {
        var version = Open($"{ConversationNames.Kept}1");
        Tick(TimeSpan.FromHours(1));
        Append(version, 0, "1", Terminals.Done);
        Tick(TimeSpan.FromMinutes(9));
        Assert.Equal(2, _streams.Find(version)!.Frames);
        Assert.Equal(TimeSpan.FromMinutes(1), _streams.UntilDue());

        _effects.Clear();
        Tick(TimeSpan.FromMinutes(1));

        var freed = Assert.IsType<StreamEffect.Freed>(Assert.Single(_effects));
        Assert.Equal((StreamState.Done, (Frame?)null), (freed.State, freed.Last));
        Assert.Null(_streams.Find(version));
        Assert.Equal(0, _streams.Conversations);
    }

    [Fact]
    public void Kept_NeverEnds_ExpiresAfterADay()
    {
        var version = Open($"{ConversationNames.Kept}1");
        _effects.Clear();
        Tick(TimeSpan.FromHours(24));

        Assert.Equal([new StreamEffect.CancelModel(version)], _effects.OfType<StreamEffect.CancelModel>());
        Assert.Equal(StreamState.Expired, _effects.OfType<StreamEffect.Freed>().Single().State);
    }

    private long Open(string conversation) => _streams.Open(conversation, default, _effects).Version;

    private AppendResult Append(long version, int offset, params object[] frames) =>
        _streams.Append(version, 1, offset, Frames(frames), _effects);

    private static Frame[] Frames(params object[] frames) =>
        [.. frames.Select(frame => frame as Frame? ?? new Frame(FrameKind.Delta, Encoding.UTF8.GetBytes((string)frame)))];

    private static string[] Texts(ReadResult? read) => [.. read!.Value.Frames.Select(frame => Encoding.UTF8.GetString(frame.Data.Span))];

    private void Tick(TimeSpan by)
    {
        _clock.Advance(by);
        _streams.Tick(_effects);
    }
}
