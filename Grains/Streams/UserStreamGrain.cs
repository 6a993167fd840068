using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Grains.Streams;

/// <summary>A shell around <see cref="UserStreams"/>: calls go in, effects go out to Gateways, workers and history.</summary>
internal sealed class UserStreamGrain(
    IHistory history, IStreamStateStore store, StreamMemory memory, StreamMetrics metrics, ObserverPush push, GrainClock clock,
    IOptions<StreamOptions> options, ILogger<UserStreamGrain> logger) : Grain, IUserStreamGrain
{
    private readonly StreamOptions _options = options.Value;
    private readonly TimeProvider _time = clock.Time;
    private readonly List<StreamEffect> _effects = [];
    private readonly Dictionary<long, ObserverSet<IStreamObserver>> _readers = [];
    private readonly Dictionary<long, IGenerationCanceller> _cancellers = [];
    private UserStreams _streams = null!;
    private StreamTimer _timer = null!;
    private long _bytes;
    private int _conversations;

    private string User => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var timer = this.RegisterGrainTimer(Tick, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer = new StreamTimer(_time, timer.Change, _options);
        _streams = await TakeAsync() is { } taken
            ? new UserStreams(_options.Limits, _time, taken.Streams, taken.Away)
            : new UserStreams(_options.Limits, _time);
        await Tick();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        memory.Changed(-_bytes, -_conversations);
        if (reason.ReasonCode == DeactivationReasonCode.ShuttingDown && !_streams.IsIdle)
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
            Perform();
        }

        return Reply(result);
    }

    public Task<StreamSlice?> Read(long version, int offset, string gateway, IStreamObserver observer)
    {
        if (_streams.Read(version, offset) is not { } read)
        {
            return Task.FromResult<StreamSlice?>(null);
        }

        if (!_readers.TryGetValue(version, out var readers))
        {
            readers = _readers[version] = new ObserverSet<IStreamObserver>(_time, TimeSpan.FromSeconds(_options.ObserverSeconds));
        }

        readers.Renew(gateway, observer);
        return Task.FromResult<StreamSlice?>(Slice(version, read));
    }

    public Task MarkRead(long version)
    {
        _streams.MarkRead(version);
        return Task.CompletedTask;
    }

    public async Task<bool> Stop(long version)
    {
        var isHeld = _streams.Stop(version, _effects);
        Perform();
        await KeepFinishedAsync(version);
        return isHeld;
    }

    public async Task<int> Acknowledge(long version)
    {
        if (_streams.Find(version) is { State: > StreamState.Streaming } held && !ConversationNames.IsRelay(held.Conversation))
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

    public Task<long> Current(string conversation) => Task.FromResult(_streams.Current(conversation) ?? 0);

    public Task<StreamSummary?> Find(long version) => Task.FromResult(_streams.Find(version) is { } info
        ? new StreamSummary(info.Version, info.Conversation, (int)info.State, info.Frames, info.CreatedAt)
        : null);

    public Task<StreamBytes?> Request(long version) =>
        Task.FromResult(_streams.Request(version) is { } request ? StreamBytes.From(request) : null);

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

    private async ValueTask<bool> AdoptAsync(StreamJob job) =>
        _streams.Find(job.Version) is not null
        || (!await history.WasAcknowledgedAsync(User, job.Version) && _streams.Adopt(job.Version, job.Conversation, job.Request.Memory, _effects));

    private Task KeepFinishedAsync(long version) =>
        _options.HistoryOn == HistoryMoment.Finish && _streams.BeforeAcknowledge(version) is { } answer
            ? history.WriteAsync(Entry(answer, isAcknowledged: false))
            : Task.CompletedTask;

    private HistoryEntry Entry(StreamEffect.WriteHistory answer, bool isAcknowledged) => new(
        User, answer.Version, answer.Conversation, answer.Request,
        [.. answer.Frames.Where(frame => !frame.IsTerminal).Select(frame => frame.Data)], answer.FinishedAt, isAcknowledged);

    private async Task<TakenStreams?> TakeAsync()
    {
        try
        {
            return await store.TakeAsync(User);
        }
        catch (Exception exception)
        {
            logger.StreamsNotTaken(exception);
            return null;
        }
    }

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

    private void Perform()
    {
        foreach (var effect in _effects)
        {
            Perform(effect);
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

    private void Perform(StreamEffect effect)
    {
        switch (effect)
        {
            case StreamEffect.Stored stored when _streams.Read(stored.Version, stored.Offset) is { Frames.Count: > 0 } read:
                Stored(stored.Version, read);
                break;
            case StreamEffect.CancelModel when _cancellers.Remove(effect.Version, out var canceller):
                push.SendTo([canceller], worker => worker.Cancel(User, effect.Version));
                break;
            case StreamEffect.Freed freed:
                Freed(freed);
                break;
        }
    }

    private void Stored(long version, ReadResult read)
    {
        metrics.Stored(read.Frames.Count);
        if (read.Frames[^1].IsTerminal)
        {
            metrics.Ended(read.State);
            _cancellers.Remove(version);
        }

        if (_readers.TryGetValue(version, out var readers))
        {
            readers.DropLapsed();
            var slice = Slice(version, read);
            push.SendTo(readers.All, reader => reader.Stored(User, slice));
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

        _cancellers.Remove(freed.Version);
        if (_readers.Remove(freed.Version, out var readers))
        {
            var last = freed.Last is { } frame ? FrameWire.From(frame) : null;
            push.SendTo(readers.All, reader => reader.Freed(User, freed.Version, freed.Offset, last));
        }
    }
}
