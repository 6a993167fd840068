using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Grains.Streams;

/// <summary>A shell around <see cref="UserStreams"/>: calls go in, effects go out to Gateways, workers and history.</summary>
internal sealed class UserStreamGrain(
    IHistory history, IStreamStateStore store, IClusterMotion motion, StreamMemory memory, StreamMetrics metrics, ObserverPush push, GrainClock clock,
    IOptions<StreamOptions> options, ILogger<UserStreamGrain> logger) : Grain, IUserStreamGrain
{
    /// <summary>A worker whose grain has moved speaks to it within about 3 s, however silent its model is.</summary>
    private static readonly TimeSpan LearnWithin = TimeSpan.FromSeconds(6);

    /// <summary>No answer is brought for longer than that after its request.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly StreamOptions _options = options.Value;
    private readonly TimeProvider _time = clock.Time;
    private readonly List<StreamEffect> _effects = [];
    private readonly Dictionary<long, ObserverSet<IStreamObserver>> _readers = [];
    private readonly Dictionary<long, IGenerationCanceller> _cancellers = [];
    private UserStreams _streams = null!;
    private StreamTimer _timer = null!;
    private KeptAnswers _kept = null!;
    private long? _movedAt;
    private long _bytes;
    private int _conversations;

    private string User => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var timer = this.RegisterGrainTimer(Tick, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer = new StreamTimer(_time, timer.Change, _options);
        _streams = new UserStreams(_options.Limits, _time);
        _kept = new KeptAnswers(store, history, User, _options.Limits, _time, logger);
        _movedAt = motion.IsMoving ? _time.GetTimestamp() : null;
        try
        {
            await _kept.TakeAsync(_streams, _effects);
        }
        catch (HistoryAwayException away)
        {
            logger.StreamsNotTakenYet(away);
        }

        await Tick();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        memory.Changed(-_bytes, -_conversations);
        if ((store.IsShared || reason.ReasonCode == DeactivationReasonCode.ShuttingDown) && !_streams.IsIdle)
        {
            try
            {
                await store.SaveAsync(User, _streams.Save());
            }
            catch (Exception exception)
            {
                logger.StreamsNotSaved(exception);
            }
        }
    }

    public Task<long> Open(string conversation, StreamBytes request)
    {
        if (memory.IsFull)
        {
            return Task.FromResult(OpenRefusal.BuffersFull);
        }

        var opened = _streams.Open(conversation, request.Memory, _effects);
        if (!opened.IsAdmitted)
        {
            return Task.FromResult(OpenRefusal.TooManyConversations);
        }

        metrics.Opened();
        Perform();
        return Task.FromResult(opened.Version);
    }

    public async Task<AppendReply> Begin(StreamJob job, IGenerationCanceller canceller)
    {
        var result = await BeginAsync(job);
        if (result.Outcome == AppendOutcome.Accepted)
        {
            _cancellers[job.Version] = canceller;
        }

        Perform();
        await KeepFinishedAsync(job.Version); // a history that was away when it ended
        return Reply(result);
    }

    public async Task Restore(ImmutableArray<StreamJob> jobs)
    {
        var newest = jobs.GroupBy(job => job.Conversation).ToDictionary(group => group.Key, group => group.Max(job => job.Version));
        foreach (var job in jobs)
        {
            if (await AdoptAsync(job))
            {
                InterruptIfLost(job);
                _streams.Supersede(job.Version, newest[job.Conversation], _effects); // the newest may be acknowledged, and not held
            }
        }

        Perform();
    }

    public async Task<AppendReply> Append(StreamAppend append, IGenerationCanceller canceller)
    {
        var job = append.Job;
        if (!await AdoptAsync(job))
        {
            return Reply(new AppendResult(AppendOutcome.Ended, 0));
        }

        var frames = new Frame[append.Frames.Length];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = append.Frames[i].ToCore();
        }

        var result = _streams.Append(job.Version, job.Attempt, append.Offset, frames, _effects);
        if (result.Outcome == AppendOutcome.Gap)
        {
            metrics.Gap();
        }

        if (result.Outcome is AppendOutcome.Accepted or AppendOutcome.Gap)
        {
            _cancellers[job.Version] = canceller; // this activation may not have seen Begin
        }

        try
        {
            await KeepFinishedAsync(job.Version); // who reads the end finds the answer in history
        }
        finally
        {
            Perform(append);
        }

        return Reply(result) with { IsToShow = append.Gateway is not null && IsRunning(job.Version) };
    }

    public async Task<StreamSlice?> Read(long version, int offset, bool isRead, string gateway, IStreamObserver observer)
    {
        await LearnAsync(version);
        if (isRead)
        {
            _streams.MarkRead(version);
        }

        if (_streams.Read(version, offset) is not { } read)
        {
            return null;
        }

        if (!_readers.TryGetValue(version, out var readers))
        {
            readers = _readers[version] = new ObserverSet<IStreamObserver>(_time, TimeSpan.FromSeconds(_options.ObserverSeconds) * motion.LeaseFactor);
        }

        readers.Renew(gateway, observer);
        return Slice(version, read);
    }

    public Task MarkRead(long version)
    {
        _streams.MarkRead(version);
        return Task.CompletedTask;
    }

    public async Task<bool> Stop(long version)
    {
        await LearnAsync(version);
        var isHeld = _streams.Stop(version, _effects);
        Perform(); // the model's socket is closed first
        await KeepFinishedAsync(version);
        return isHeld;
    }

    public async Task<int> Acknowledge(long version)
    {
        await LearnAsync(version);
        if (_streams.Find(version) is { State: > StreamState.Streaming } held && ConversationNames.IsInHistory(held.Conversation))
        {
            await (_streams.BeforeAcknowledge(version) is { } answer
                ? history.WriteAsync(Entry(answer, isAcknowledged: true))
                : history.AcknowledgeAsync(User, version));
        }

        var result = _streams.Acknowledge(version, _effects);
        Perform();
        return (int)(result == AckResult.Gone && await history.WasAcknowledgedAsync(User, version) ? AckResult.Acknowledged : result);
    }

    public Task Withdraw(long version)
    {
        _streams.Withdraw(version, _effects);
        Perform();
        return Task.CompletedTask;
    }

    public async Task<long> Current(string conversation)
    {
        if (_streams.Current(conversation) is { } current)
        {
            return current;
        }

        await LearnAsync();
        return _streams.Current(conversation) ?? 0;
    }

    public async Task<StreamSummary?> Find(long version)
    {
        await LearnAsync(version);
        return _streams.Find(version) is { } info
            ? new StreamSummary(info.Version, info.Conversation, (int)info.State, info.Frames, info.CreatedAt)
            : null;
    }

    public async Task<StreamBytes?> Request(long version)
    {
        await LearnAsync(version);
        return _streams.Request(version) is { } request ? StreamBytes.From(request) : null;
    }

    public async Task<bool> MayYetLearn(long version) =>
        _movedAt is { } moved && _time.GetElapsedTime(moved) < LearnWithin && (version == 0 || (IsRecent(version) && !await history.WasAcknowledgedAsync(User, version)));

    public async Task<HistoryPageWire> History(string conversation, long before, int limit)
    {
        var page = await history.PageAsync(User, conversation, before, limit);
        return new HistoryPageWire(
            [
                .. page.Items.Select(item => new HistoryItemWire(
                    item.Version, StreamBytes.From(item.Messages), item.Answer, StreamBytes.From(item.ToolCalls), item.FinishedAt)),
            ],
            page.Next ?? 0);
    }

    /// <summary>Versions are minted of the time in milliseconds.</summary>
    private bool IsRecent(long version) => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds - version is > -60_000 and var age && age < Longest.TotalMilliseconds;

    private bool IsRunning(long version) => _streams.Find(version) is { State: StreamState.Streaming };

    private static AppendReply Reply(AppendResult result) => new((int)result.Outcome, result.Expected);

    private static StreamSlice Slice(long version, ReadResult read)
    {
        var frames = new FrameWire[read.Frames.Count];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = FrameWire.From(read.Frames[i]);
        }

        return new StreamSlice(version, read.FirstOffset, ImmutableCollectionsMarshal.AsImmutableArray(frames), (int)read.State);
    }

    private async Task<AppendResult> BeginAsync(StreamJob job)
    {
        if (!await AdoptAsync(job))
        {
            return new AppendResult(AppendOutcome.Ended, 0);
        }

        InterruptIfLost(job);
        return _streams.Begin(job.Version, job.Attempt, _effects);
    }

    /// <summary>Frames were stored, and went with the activation that held them.</summary>
    private void InterruptIfLost(StreamJob job)
    {
        if (job.MayHaveStored && _streams.Find(job.Version) is { Frames: 0 })
        {
            _streams.Interrupt(job.Version, _effects);
        }
    }

    private async ValueTask<bool> AdoptAsync(StreamJob job)
    {
        await LearnAsync(job.Version);
        return _streams.Find(job.Version) is not null
            || (!await history.WasAcknowledgedAsync(User, job.Version) && _streams.Adopt(job.Version, job.Conversation, job.Request.Memory, _effects));
    }

    /// <summary>A version that is not known is asked for where an earlier activation may have left it.</summary>
    /// <exception cref="HistoryAwayException">Nobody can say whether it is held.</exception>
    private ValueTask LearnAsync(long version) => _kept.IsTaken || _streams.Find(version) is not null ? ValueTask.CompletedTask : LearnAsync();

    private async ValueTask LearnAsync()
    {
        if (!_kept.IsTaken)
        {
            await _kept.TakeAsync(_streams, _effects);
            Perform();
        }
    }

    /// <summary>An answer that has come to its end is kept before anybody is told of the end.</summary>
    private async Task KeepFinishedAsync(long version)
    {
        if (_options.HistoryOn == HistoryMoment.Finish && _streams.BeforeAcknowledge(version) is { } answer)
        {
            await history.WriteAsync(Entry(answer, isAcknowledged: false));
        }

        await _kept.KeepAsync(_streams, version);
    }

    private HistoryEntry Entry(StreamEffect.WriteHistory answer, bool isAcknowledged) => new(
        User, answer.Version, answer.Conversation, answer.Request,
        [.. answer.Frames.Where(frame => !frame.IsTerminal).Select(frame => frame.Data)], answer.FinishedAt, isAcknowledged);

    private Task Tick()
    {
        _timer.Fired();
        _streams.Tick(_effects);
        Perform();
        if (_timer.Next(_streams.UntilDue()))
        {
            DeactivateOnIdle();
        }

        return Task.CompletedTask;
    }

    /// <param name="append">What brought it about, if an append did.</param>
    private void Perform(StreamAppend? append = null)
    {
        foreach (var effect in _effects)
        {
            Perform(effect, append);
        }

        _effects.Clear();
        var (bytes, conversations) = (_streams.BufferedBytes, _streams.Conversations);
        memory.Changed(bytes - _bytes, conversations - _conversations);
        (_bytes, _conversations) = (bytes, conversations);
        if (_timer.Changed(_streams.IsIdle))
        {
            DelayDeactivation(_streams.IsIdle ? TimeSpan.Zero : TimeSpan.MaxValue);
        }
    }

    private void Perform(StreamEffect effect, StreamAppend? append)
    {
        switch (effect)
        {
            case StreamEffect.Stored stored when _streams.Read(stored.Version, stored.Offset) is { Frames.Count: > 0 } read:
                Stored(stored.Version, read, append is { Gateway: { } own } && append.Job.Version == stored.Version && read.State == StreamState.Streaming ? own : null);
                break;
            case StreamEffect.CancelModel when _cancellers.Remove(effect.Version, out var canceller):
                push.SendTo([canceller], worker => worker.Cancel(User, effect.Version));
                break;
            case StreamEffect.Freed freed:
                Freed(freed);
                break;
        }
    }

    /// <param name="besides">The Gateway that need not be told.</param>
    private void Stored(long version, ReadResult read, string? besides)
    {
        metrics.Stored(read.Frames.Count);
        if (read.State == StreamState.Superseded)
        {
            _kept.Forget(version);
        }

        if (read.Frames[^1].IsTerminal)
        {
            metrics.Ended(read.State);
            _cancellers.Remove(version);
        }

        if (_readers.TryGetValue(version, out var readers))
        {
            readers.DropLapsed();
            if (readers.Besides(besides) is { IsEmpty: false } others)
            {
                var slice = Slice(version, read);
                push.SendTo(others, reader => reader.Stored(User, slice));
            }
        }
    }

    private void Freed(StreamEffect.Freed freed)
    {
        switch (freed.State)
        {
            case StreamState.Expired:
                metrics.Expired();
                break;
            case not StreamState.Superseded:
                metrics.Acknowledged();
                break;
        }

        _kept.Forget(freed.Version);
        _cancellers.Remove(freed.Version);
        if (_readers.Remove(freed.Version, out var readers))
        {
            var last = freed.Last is { } frame ? FrameWire.From(frame) : null;
            push.SendTo(readers.All, reader => reader.Freed(User, freed.Version, freed.Offset, last));
        }
    }
}
