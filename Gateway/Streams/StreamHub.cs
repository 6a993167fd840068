using System.Runtime.InteropServices;
using Fairway.Gateway.Auth.Tokens;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;
using Fairway.GrainInterfaces.Streams;
using Fairway.Grains.Streams;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Streams;

/// <summary>
/// All streams that have readers in this process, behind one observer: what grains push is shown at once, what a lost push left
/// behind is pulled, and every few seconds each stream's subscription is renewed by a pull.
/// </summary>
internal sealed class StreamHub : BackgroundService
{
    private const int ParallelPulls = 16;
    private const int RenewalSteps = 10;
    private const int MissesToEnd = 5;
    private const int BeatsAtOnce = 128;

    /// <summary>While a grain is out of reach, or has just moved and knows nothing, it is asked as often.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);

    /// <summary>The last word of an answer that went with the silo that held it.</summary>
    private static readonly FrameWire Lost = FrameWire.From(Core.Streams.Terminals.Error(
        Core.Streams.StreamErrors.Interrupted, "The process that held this answer is gone, and the answer with it. Ask again."));

    private readonly Lock _gate = new();
    private readonly Dictionary<(string User, long Version), LiveStream> _streams = [];
    private readonly Dictionary<(string User, string Conversation), ConversationReaders> _conversations = [];
    private readonly IGrainFactory _grains;
    private readonly LostJobs _lost;
    private readonly GatewayOptions _gateway;
    private readonly ServingOptions _options;
    private readonly TimeProvider _clock;
    private readonly ServingMetrics _metrics;
    private readonly ILogger<StreamHub> _logger;
    private readonly Observer _observer; // the engine holds observers weakly
    private readonly CancellationTokenRegistration _stopping;
    private readonly ITimer _beat;
    private readonly TimeSpan _renewEvery;
    private readonly long _startedAt;
    private IStreamObserver? _reference;
    private volatile bool _isDraining;
    private bool _isTicking;

    public StreamHub(
        IGrainFactory grains, IClusterMotion motion, LostJobs lost, IOptions<GatewayOptions> gateway, IOptions<ServingOptions> options, TimeProvider clock,
        ServingMetrics metrics, IHostApplicationLifetime lifetime, ILogger<StreamHub> logger)
    {
        (_grains, _lost, _gateway, _options, _clock, _metrics, _logger) = (grains, lost, gateway.Value, options.Value, clock, metrics, logger);
        _renewEvery = _gateway.RenewEvery * motion.LeaseFactor;
        _observer = new Observer(this);
        _startedAt = clock.GetTimestamp();
        _beat = clock.CreateTimer(static state => _ = ((StreamHub)state!).TickAsync(), this, _options.BeatEvery, _options.BeatEvery);
        _stopping = lifetime.ApplicationStopping.Register(Drain);
    }

    /// <summary>How long this process has been serving.</summary>
    public TimeSpan Uptime => _clock.GetElapsedTime(_startedAt);

    /// <summary>The process is about to end: nothing new is begun.</summary>
    public bool IsDraining => _isDraining;

    private IStreamObserver Reference
    {
        get
        {
            lock (_gate)
            {
                return _reference ??= _grains.CreateObjectReference<IStreamObserver>(_observer);
            }
        }
    }

    /// <summary>The stream of a version, to be given back to <see cref="Detach"/>.</summary>
    public LiveStream Attach(string user, long version, string conversation)
    {
        lock (_gate)
        {
            if (!_streams.TryGetValue((user, version), out var stream))
            {
                if (!_conversations.TryGetValue((user, conversation), out var readers))
                {
                    readers = _conversations[(user, conversation)] = new ConversationReaders(user, conversation) { Pull = PullSoon };
                }

                stream = _streams[(user, version)] = new LiveStream(user, version, _grains.GetGrain<IUserStreamGrain>(user), readers) { RenewedAt = _clock.GetTimestamp() };
                readers.Add(stream);
            }

            stream.Users++;
            return stream;
        }
    }

    /// <summary>A stream that readers here follow and whose grain pushes to this process, as <see cref="Attach"/> gives it; null for any other.</summary>
    public LiveStream? AttachFollowed(string user, long version)
    {
        lock (_gate)
        {
            if (_isDraining || !_streams.TryGetValue((user, version), out var stream) || !stream.IsFollowed)
            {
                return null;
            }

            stream.Users++;
            return stream;
        }
    }

    public void Detach(LiveStream stream)
    {
        lock (_gate)
        {
            if (--stream.Users == 0)
            {
                stream.UnusedSince = _clock.GetTimestamp(); // it stays a while, for a reader that comes back at once
            }
        }
    }

    /// <summary>Gets what is missing and subscribes. False: the version is unknown or freed.</summary>
    public async Task<bool> PullAsync(LiveStream stream)
    {
        var slice = await stream.Grain.Read(stream.Version, stream.Next, stream.IsRead, _gateway.Id, Reference);
        if (slice is { Frames.IsEmpty: true, State: (int)Core.Streams.StreamState.Superseded } && !stream.IsSuperseded)
        {
            slice = await stream.Grain.Read(stream.Version, 0, stream.IsRead, _gateway.Id, Reference); // the terminal took the place of another one
        }

        if (slice is null)
        {
            return false;
        }

        stream.Missed = 0;
        stream.IsSubscribed = true;
        stream.Take(slice, isPull: true);
        return true;
    }

    /// <summary>Serves a reader until its end.</summary>
    public async Task ServeAsync(HttpContext context, LiveStream stream, int next, SseFormat format)
    {
        ReaderSocket.Prepare(context, _options);
        Forget(context);
        var reader = new SseReader(stream, next, context.Response.BodyWriter, _options, _clock, context.Abort, format);
        stream.Add(reader);
        _metrics.ReaderCame();
        try
        {
            if (_isDraining)
            {
                reader.Close(RetryJitter());
            }

            await reader.RunAsync(() => MarkRead(stream), context.RequestAborted);
        }
        finally
        {
            stream.Remove(reader);
            _metrics.ReaderWent(reader.IsCut);
        }
    }

    /// <summary>Waits until enough of a stream is here, or no more will come.</summary>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    /// <exception cref="ApiException"><c>DRAINING</c>: the process is about to end.</exception>
    public static async Task WaitAsync(LiveStream stream, Func<LiveStream, bool> isEnough, CancellationToken cancellationToken)
    {
        var waiter = new StreamWaiter();
        using var gone = cancellationToken.UnsafeRegister(static state => ((StreamWaiter)state!).Wake(), waiter);
        stream.Add(waiter);
        try
        {
            while (!isEnough(stream) && !stream.IsOver)
            {
                if (waiter.IsClosing)
                {
                    throw Draining();
                }

                await waiter.WaitAsync();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            stream.Remove(waiter);
        }
    }

    /// <summary>The caller follows the version, so that it does not count as unread.</summary>
    public void MarkRead(LiveStream stream)
    {
        if (stream.MarkRead())
        {
            _ = MarkReadAsync(stream);
        }
    }

    /// <summary>Shows frames to the readers of their version, if some here follow it.</summary>
    public void Show(string user, StreamSlice slice)
    {
        if (Find(user, slice.Version) is { } stream && stream.Take(slice, isPull: false) == TakeOutcome.Behind)
        {
            PullSoon(stream);
        }
    }

    internal static ApiException Draining() => new(503, "DRAINING", "This Gateway is about to stop; come back.");

    public override void Dispose()
    {
        base.Dispose();
        _stopping.Dispose();
        _beat.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_gateway.RenewEvery / RenewalSteps, _clock);
        var pulls = new ParallelOptions { MaxDegreeOfParallelism = ParallelPulls, CancellationToken = stoppingToken };
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await Parallel.ForEachAsync(StreamsToRenew(), pulls, (stream, _) => RenewAsync(stream));
            }
        }
        catch (OperationCanceledException)
        {
            // stopping
        }
    }

    /// <summary>A reader may stay for hours; what its request said is not kept so long.</summary>
    private static void Forget(HttpContext context)
    {
        context.Request.Headers.Clear();
        context.Features.Set<UserToken>(null);
    }

    private static int RetryJitter() => Random.Shared.Next(500, 3000);

    /// <summary>Streams whose renewal is due. Each has its own time, so that thousands make no burst. Those that nobody uses are forgotten.</summary>
    private List<LiveStream> StreamsToRenew()
    {
        var (due, unused) = (new List<LiveStream>(), new List<LiveStream>());
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            foreach (var stream in _streams.Values)
            {
                if (stream.Users == 0)
                {
                    if (_clock.GetElapsedTime(stream.UnusedSince, now) >= _gateway.RenewEvery)
                    {
                        unused.Add(stream);
                    }
                }
                else if (!stream.IsOver && _clock.GetElapsedTime(stream.RenewedAt, now) >= _renewEvery)
                {
                    stream.RenewedAt = now;
                    due.Add(stream);
                }
            }

            foreach (var stream in unused)
            {
                _streams.Remove((stream.User, stream.Version));
                if (stream.Conversation.Remove(stream))
                {
                    _conversations.Remove((stream.User, stream.Conversation.Conversation));
                }
            }
        }

        return due;
    }

    private async ValueTask RenewAsync(LiveStream stream)
    {
        try
        {
            if (!await PullAsync(stream))
            {
                // A grain that has just moved knows nothing until its worker speaks again. One whose worker is gone too never will.
                var isLost = !await _lost.RestoreAsync(stream.User, stream.Version);
                if (++stream.Missed >= MissesToEnd && isLost)
                {
                    stream.Free(stream.Next, Lost);
                }
                else
                {
                    AskAgain(stream);
                }
            }
        }
        catch (Exception error)
        {
            Log.StreamPullFailed(_logger, error);
            AskAgain(stream);
        }
    }

    private void AskAgain(LiveStream stream)
    {
        if (stream.BeginAskingAgain())
        {
            _ = AskAgainAsync(stream);
        }
    }

    private async Task AskAgainAsync(LiveStream stream)
    {
        await Task.Delay(AskAgainAfter, _clock, CancellationToken.None);
        stream.EndAskingAgain();
        if (stream.Users > 0 && !stream.IsOver && !_isDraining)
        {
            await RenewAsync(stream);
        }
    }

    private void PullSoon(LiveStream stream)
    {
        _metrics.Pulled();
        _ = RenewAsync(stream).AsTask();
    }

    private async Task MarkReadAsync(LiveStream stream)
    {
        try
        {
            await stream.Grain.MarkRead(stream.Version);
        }
        catch (Exception error)
        {
            Log.StreamPullFailed(_logger, error);
        }
    }

    private LiveStream? Find(string user, long version)
    {
        lock (_gate)
        {
            return _streams.GetValueOrDefault((user, version));
        }
    }

    private List<IStreamListener> Readers()
    {
        LiveStream[] streams;
        lock (_gate)
        {
            streams = [.. _streams.Values];
        }

        var readers = new List<IStreamListener>(streams.Length);
        foreach (var stream in streams)
        {
            stream.AddReadersTo(readers);
        }

        return readers;
    }

    /// <summary>Readers that came together beat together; each takes a block of the server's buffers while it is written to, hence not all at once.</summary>
    private async Task TickAsync()
    {
        if (Interlocked.Exchange(ref _isTicking, true))
        {
            return;
        }

        try
        {
            var silent = Readers();
            silent.RemoveAll(static reader => !reader.Tick());
            await SpreadAsync(silent, BeatsAtOnce, _options.BeatSpread, static reader => reader.Beat());
        }
        finally
        {
            Volatile.Write(ref _isTicking, false);
        }
    }

    /// <summary>Has readers come back, each at a moment of its own.</summary>
    private void Drain()
    {
        _isDraining = true;
        var readers = Readers();
        Random.Shared.Shuffle(CollectionsMarshal.AsSpan(readers));
        _ = SpreadAsync(readers, 1, _options.Drain, reader => reader.Close(RetryJitter()));
    }

    /// <summary>Does something to all readers, so many at a time, evenly over a time.</summary>
    private async Task SpreadAsync(List<IStreamListener> readers, int atOnce, TimeSpan over, Action<IStreamListener> act)
    {
        var began = _clock.GetTimestamp();
        for (var i = 0; i < readers.Count; i++)
        {
            var due = i % atOnce == 0 ? (over * i / readers.Count) - _clock.GetElapsedTime(began) : TimeSpan.Zero;
            if (due > TimeSpan.FromMilliseconds(1))
            {
                await Task.Delay(due, _clock, CancellationToken.None);
            }

            act(readers[i]);
        }
    }

    /// <summary>What grains push to. Its own object, so that the hub's other methods are no grain calls.</summary>
    private sealed class Observer(StreamHub hub) : IStreamObserver
    {
        public Task Stored(string user, StreamSlice slice)
        {
            hub.Show(user, slice);
            return Task.CompletedTask;
        }

        public Task Freed(string user, long version, int offset, FrameWire? last)
        {
            hub.Find(user, version)?.Free(offset, last);
            return Task.CompletedTask;
        }
    }
}
