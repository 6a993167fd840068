using System.Threading.Channels;
using Fairway.Core.Streams;
using Fairway.Grains.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Silo.Jobs;
using Fairway.Storage.Postgres;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Jobs.Shared;

/// <summary>
/// Jobs that all Gateways of a cluster share. The database has a job before its post is answered and until its worker is done, and it
/// alone decides who runs it. The cluster's streams bring word of it to a worker with room; what they do not bring is found by looking.
/// </summary>
internal sealed class SharedJobQueue : IJobQueue, IJobTaker, IHostedService, IAsyncDisposable
{
    private const int CleanEvery = 60;

    private static readonly TimeSpan LongestBeat = TimeSpan.FromSeconds(1);

    private readonly Channel<StreamJob> _ready = Channel.CreateUnbounded<StreamJob>();
    private readonly QueueDepth _depth = new();
    private readonly CancellationTokenSource _end = new();
    private readonly JobTable _table;
    private readonly IJobStream _stream;
    private readonly IIdempotencyStore _keys;
    private readonly SharedJobMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<SharedJobQueue> _logger;
    private readonly CancellationToken _stopping;
    private readonly int _capacity;
    private readonly JobRoom _room;
    private readonly TimeSpan _lease;
    private readonly TimeSpan _wait;
    private readonly StreamLimits _limits;
    private readonly FailuresInARow _beatFails = new();
    private readonly FailuresInARow _attachFails = new();
    private Task _beating = Task.CompletedTask;
    private volatile bool _isUp;
    private int _beats;

    public SharedJobQueue(
        PostgresStore store, IJobStream stream, IIdempotencyStore keys, JobStreamOptions options, IOptions<JobOptions> jobs, IOptions<StreamOptions> streams,
        SharedJobMetrics metrics, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<SharedJobQueue> logger)
    {
        (_stream, _keys, _metrics, _time, _logger, _stopping) = (stream, keys, metrics, time, logger, lifetime.ApplicationStopping);
        _table = new JobTable(store, Guid.NewGuid());
        _capacity = jobs.Value.QueueLength;
        _room = new JobRoom(jobs.Value.MaxConcurrent);
        (_lease, _wait) = (TimeSpan.FromSeconds(options.LeaseSeconds), TimeSpan.FromSeconds(options.WaitSeconds));
        _limits = new StreamLimits { Unread = TimeSpan.FromSeconds(streams.Value.UnreadSeconds) };
        metrics.Watch(() => _isUp);
    }

    public TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(1);

    public int Waiting => _depth.Waiting;

    /// <summary>Whether the database answered when it was last asked.</summary>
    internal bool IsUp => _isUp;

    private TimeSpan BeatEvery => _lease / 4 < LongestBeat ? _lease / 4 : LongestBeat;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await BeatAsync(); // what is posted in the first second is taken
        _beating = Task.Run(BeatOnAsync, CancellationToken.None);
    }

    /// <summary>The worker has stopped before: what it did not come to is anybody's.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        while (_ready.Reader.TryRead(out var job))
        {
            _depth.Dequeued();
            await TryAsync(() => AbandonAsync(job));
        }

        await TryAsync(_stream.DetachAsync);
        await TryAsync(_table.LeaveAsync);
    }

    public JobSlot? TryAdmit(string? lane = null)
    {
        if (!_isUp)
        {
            throw new QueueAwayException();
        }

        return _depth.TryAdmit(_capacity);
    }

    public async Task EnqueueAsync(JobSlot slot, StreamJob job, IdempotencyReservation? reservation = null)
    {
        using (slot)
        using (reservation)
        {
            try
            {
                await _table.AddAsync(job);
            }
            catch (HistoryAwayException away)
            {
                throw new QueueAwayException(away);
            }

            if (reservation is not null)
            {
                await SettleAsync(reservation, job);
            }

            _depth.Published();
            Tell(job);
        }
    }

    public async ValueTask<StreamJob?> FindAsync(string user, long version)
    {
        try
        {
            return await _table.FindAsync(user, version);
        }
        catch (HistoryAwayException away)
        {
            throw new QueueAwayException(away);
        }
    }

    public async ValueTask<StreamJob> DequeueAsync(CancellationToken cancellationToken)
    {
        var job = await _ready.Reader.ReadAsync(cancellationToken);
        _depth.Dequeued();
        return job;
    }

    public async Task MarkFirstFrameAsync(StreamJob job, CancellationToken cancellationToken = default)
    {
        if (_room.TryFind(job.User, job.Version, out var held) && !held.IsMarked)
        {
            held.IsMarked = await LedgerCalls.AskAsync(() => _table.MarkAsync(job), _time, _logger, cancellationToken)
                ? true
                : throw new JobLostException(job.Version);
        }
    }

    public Task CompleteAsync(StreamJob job) => EndAsync(job, () => _table.CompleteAsync(job));

    public Task AbandonAsync(StreamJob job) => EndAsync(job, async () =>
    {
        if (await _table.ReturnAsync(job))
        {
            Tell(job);
        }
    });

    public Task<IdempotencyResult> ReserveAsync(string user, string key, ReadOnlyMemory<byte> bodyHash, CancellationToken cancellationToken) =>
        _keys.ReserveAsync(user, key, bodyHash, cancellationToken);

    public bool Offer(string user, long version)
    {
        if (!_isUp || _stopping.IsCancellationRequested || _end.IsCancellationRequested)
        {
            return false;
        }

        if (!_room.TryEnter(user, version, out var held))
        {
            return false;
        }

        if (held is not null) // else it was told twice
        {
            _ = TakeAsync(held);
        }

        return true;
    }

    /// <summary>Ends as a crash does: others find this process dead, and what it ran is theirs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _beating;
    }

    private async Task SettleAsync(IdempotencyReservation reservation, StreamJob job)
    {
        try
        {
            await _keys.SettleAsync(reservation, job.Version);
        }
        catch
        {
            await TryAsync(() => _table.WithdrawAsync(job)); // its post is refused
            throw;
        }
    }

    /// <summary>Nobody waits for the stream: the job is in the database, and is found there.</summary>
    private void Tell(StreamJob job) => _ = TryAsync(() => _stream.TellAsync(job.User, job.Version));

    private async Task TakeAsync(HeldJob held)
    {
        try
        {
            if (await _table.TakeAsync(held.User, held.Version) is { } job)
            {
                _depth.Delivered();
                Ready(job, "stream");
                return;
            }
        }
        catch (Exception failure)
        {
            _logger.NotTaken(held.Version, failure); // it is found later
        }

        _room.Leave(held);
    }

    private void Ready(StreamJob job, string by)
    {
        _metrics.Taken(by);
        _depth.Readied();
        _ready.Writer.TryWrite(job);
    }

    private async Task EndAsync(StreamJob job, Func<Task> end)
    {
        if (!_room.TryFind(job.User, job.Version, out var held))
        {
            return;
        }

        try
        {
            await end();
        }
        finally
        {
            _room.Leave(held); // what the database did not hear is found again, and has ended then
        }
    }

    private async Task BeatOnAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(BeatEvery, _time, _end.Token);
                await BeatAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // the process stops
        }
    }

    private async Task BeatAsync()
    {
        try
        {
            var before = _depth.Snapshot();
            _depth.Found(await _table.BeatAsync(_lease), before);
            if (_beats++ % CleanEvery == 0)
            {
                await _table.CleanAsync(_limits);
            }

            _isUp = true;
        }
        catch (Exception failure)
        {
            _isUp = false;
            if (_beatFails.IsFirst())
            {
                _logger.NotBeaten(failure);
            }

            return;
        }

        _beatFails.End();
        if (!_stopping.IsCancellationRequested)
        {
            await AttachAsync();
            await TryAsync(TakeOverdueAsync);
        }
    }

    private async Task AttachAsync()
    {
        try
        {
            await _stream.AttachAsync(this);
            _attachFails.End();
        }
        catch (Exception failure)
        {
            if (_attachFails.IsFirst())
            {
                _logger.NotAttached(failure);
            }
        }
    }

    private async Task TakeOverdueAsync()
    {
        var room = _room.Reserve();
        try
        {
            if (room == 0)
            {
                return;
            }

            foreach (var job in await _table.TakeOverdueAsync(_room.Held, room, _wait, _lease))
            {
                if (_room.Enter(job.User, job.Version)) // else word of it has just come
                {
                    room--;
                    Ready(job, "search");
                }
            }
        }
        finally
        {
            _room.Free(room);
        }
    }

    private async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception failure)
        {
            _logger.NotTold(failure);
        }
    }
}

/// <summary>This process was held for dead, and another one has the job.</summary>
internal sealed class JobLostException(long version) : Exception($"The job of version {version} is another process's by now.");
