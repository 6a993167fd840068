using System.Threading.Channels;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Grains.Streams;
using Fairway.Storage;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Jobs;

/// <summary>
/// The queue of one process, with a journal where there is a data folder. Its worker is the only one there is, so it runs the jobs of
/// all lanes, each under its label.
/// </summary>
internal sealed class JobQueue : IJobQueue, IAsyncDisposable
{
    private static readonly TimeSpan LongestSweep = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string User, long Version), Entry> _jobs = [];
    private readonly Queue<JobRecord.Ended> _ended = new();
    private readonly Channel<Entry> _ready = Channel.CreateUnbounded<Entry>();
    private readonly IdempotencyKeys _keys;
    private readonly IIdempotencyStore? _sharedKeys;
    private readonly TimeProvider _time;
    private readonly ILogger<JobQueue> _logger;
    private readonly int _capacity;
    private readonly TimeSpan _unacknowledged;
    private readonly Journal? _journal;
    private readonly ITimer? _sweep;
    private readonly string _file = "";
    private readonly long _leastCompactAt;
    private StreamJob[] _leftBehind = [];
    private long _compactAt;
    private int _waiting;

    /// <param name="path">The journal; null forgets everything with the process.</param>
    /// <param name="compactAt">Bytes from which the journal is rewritten without what is done.</param>
    /// <param name="sharedKeys">Where idempotency keys are shared with other Gateways; else they stand in the journal.</param>
    public JobQueue(
        string? path, IOptions<JobOptions> options, IOptions<StreamOptions> streams, TimeProvider time, ILogger<JobQueue> logger, long compactAt = 4 << 20,
        IIdempotencyStore? sharedKeys = null)
    {
        _sharedKeys = sharedKeys;
        (_time, _logger, _capacity, _leastCompactAt, _compactAt) = (time, logger, options.Value.QueueLength, compactAt, compactAt);
        _unacknowledged = TimeSpan.FromSeconds(streams.Value.UnackedSeconds);
        _keys = new IdempotencyKeys(time);
        if (path is null)
        {
            return;
        }

        _file = Path.GetFileName(path);
        _journal = Journal.Open(path, (_, record) => Replay(JobRecord.Decode(record)), out var cut);
        if (cut > 0)
        {
            logger.TailCut(_file, cut);
        }

        Redeliver(new StreamLimits { Unread = TimeSpan.FromSeconds(streams.Value.UnreadSeconds) });
        ForgetEnded();
        _leftBehind = [.. _jobs.Values.Select(entry => entry.Job).Concat(_ended.Select(Lost)).OrderBy(job => job.Version)];
        CompactIfLarge();
        var every = _unacknowledged / 2 < LongestSweep ? _unacknowledged / 2 : LongestSweep;
        _sweep = time.CreateTimer(static queue => ((JobQueue)queue!).Sweep(), this, every, every);
    }

    public TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(1);

    public IReadOnlyList<StreamJob> TakeLeftBehind() => Interlocked.Exchange(ref _leftBehind, []);

    public int Waiting => Volatile.Read(ref _waiting);

    public JobSlot? TryAdmit(string? lane = null)
    {
        var slot = new JobSlot(() => Interlocked.Decrement(ref _waiting));
        if (Interlocked.Increment(ref _waiting) <= _capacity)
        {
            return slot;
        }

        slot.Dispose();
        return null;
    }

    public async Task EnqueueAsync(JobSlot slot, StreamJob job, IdempotencyReservation? reservation = null)
    {
        using (slot)
        using (reservation)
        {
            var at = _time.GetUtcNow();
            var entry = new Entry(job, at) { Reservation = _sharedKeys is null ? reservation : null };
            lock (_gate)
            {
                _jobs.Add(entry.Id, entry);
            }

            try
            {
                await AppendAsync(entry.Record());
            }
            catch
            {
                Remove(entry.Id);
                throw;
            }

            if (reservation is not null && _sharedKeys is not null)
            {
                await SettleAsync(entry, reservation);
            }
            else if (reservation is not null)
            {
                _keys.Settle(reservation.User, reservation.Key, reservation.BodyHash, job.Version, at);
            }

            slot.Take();
            _ready.Writer.TryWrite(entry);
        }
    }

    public ValueTask<StreamJob?> FindAsync(string user, long version) => new(Find((user, version))?.Job);

    public async ValueTask<StreamJob> DequeueAsync(CancellationToken cancellationToken)
    {
        var entry = await _ready.Reader.ReadAsync(cancellationToken);
        Interlocked.Decrement(ref _waiting);
        return entry.Job;
    }

    public async Task MarkFirstFrameAsync(StreamJob job, CancellationToken cancellationToken = default)
    {
        if (Find(job) is { IsMarked: false } entry)
        {
            entry.IsMarked = true;
            await AppendAsync(new JobRecord.FirstFrame(job.User, job.Version));
        }
    }

    public Task CompleteAsync(StreamJob job) => EndAsync(job, ConversationNames.IsInHistory(job.Conversation)
        ? new JobRecord.Ended(job.User, job.Version, job.Conversation, _time.GetUtcNow())
        : new JobRecord.Completed(job.User, job.Version));

    public async Task AbandonAsync(StreamJob job)
    {
        if (Find(job) is { } entry)
        {
            entry.Job = job with { Attempt = job.Attempt + 1, MayHaveStored = entry.IsMarked };
            Interlocked.Increment(ref _waiting);
            _ready.Writer.TryWrite(entry);
            await AppendAsync(new JobRecord.Abandoned(job.User, job.Version, job.Attempt));
        }
    }

    public Task<IdempotencyResult> ReserveAsync(string user, string key, ReadOnlyMemory<byte> bodyHash, CancellationToken cancellationToken) =>
        _sharedKeys?.ReserveAsync(user, key, bodyHash, cancellationToken) ?? _keys.ReserveAsync(user, key, bodyHash, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _sweep?.Dispose();
        return _journal?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private async Task SettleAsync(Entry entry, IdempotencyReservation reservation)
    {
        try
        {
            await _sharedKeys!.SettleAsync(reservation, entry.Job.Version);
        }
        catch
        {
            await EndAsync(entry.Job, new JobRecord.Completed(entry.Job.User, entry.Job.Version)); // its post is refused
            throw;
        }
    }

    private async Task EndAsync(StreamJob job, JobRecord done)
    {
        lock (_gate)
        {
            if (!_jobs.Remove((job.User, job.Version)))
            {
                return;
            }

            if (done is JobRecord.Ended ended && _journal is not null)
            {
                _ended.Enqueue(ended);
            }
        }

        await AppendAsync(done);
        CompactIfLarge();
    }

    private Task AppendAsync(JobRecord record) => _journal?.AppendAsync(record.Encode()) ?? Task.CompletedTask;

    private Entry? Find(StreamJob job) => Find((job.User, job.Version));

    private Entry? Find((string User, long Version) id)
    {
        lock (_gate)
        {
            return _jobs.GetValueOrDefault(id);
        }
    }

    private bool Remove((string User, long Version) id)
    {
        lock (_gate)
        {
            return _jobs.Remove(id);
        }
    }

    private void Replay(JobRecord record)
    {
        switch (record)
        {
            case JobRecord.Enqueued enqueued:
                var job = new StreamJob(
                    enqueued.User, enqueued.Version, enqueued.Conversation, 1, StreamBytes.From(enqueued.Request), MayHaveStored: false, enqueued.Label);
                _jobs[(enqueued.User, enqueued.Version)] = new Entry(job, enqueued.At);
                if (enqueued.IdempotencyKey is { } key)
                {
                    _keys.Settle(enqueued.User, key, enqueued.BodyHash, enqueued.Version, enqueued.At);
                }

                break;
            case JobRecord.FirstFrame marked when _jobs.TryGetValue((marked.User, marked.Version), out var entry):
                entry.IsMarked = true;
                break;
            case JobRecord.Abandoned abandoned when _jobs.TryGetValue((abandoned.User, abandoned.Version), out var entry):
                entry.Job = entry.Job with { Attempt = abandoned.Attempt + 1 };
                break;
            case JobRecord.Completed completed:
                _jobs.Remove((completed.User, completed.Version));
                break;
            case JobRecord.Ended ended:
                _jobs.Remove((ended.User, ended.Version));
                _ended.Enqueue(ended);
                break;
            case JobRecord.Key settled:
                _keys.Settle(settled.User, settled.IdempotencyKey, settled.BodyHash, settled.Version, settled.At);
                break;
        }
    }

    /// <summary>What was not done when the last process ended is delivered again, but for what nobody can be waiting for any more.</summary>
    private void Redeliver(StreamLimits limits)
    {
        var now = _time.GetUtcNow();
        foreach (var entry in _jobs.Values.OrderBy(entry => entry.At).ToList())
        {
            if (!entry.IsMarked && entry.At < now - limits.UnbegunOf(entry.Job.Conversation))
            {
                _jobs.Remove(entry.Id);
                continue;
            }

            entry.Job = entry.Job with { Attempt = entry.Job.Attempt + 1, MayHaveStored = entry.IsMarked };
            _waiting++;
            _ready.Writer.TryWrite(entry);
        }

        _logger.Redelivered(_waiting);
    }

    /// <summary>An answer that had ended: its frames went with the last process, and no model is asked for it again.</summary>
    private static StreamJob Lost(JobRecord.Ended ended) =>
        new(ended.User, ended.Version, ended.Conversation, 1, StreamBytes.Empty, MayHaveStored: true);

    /// <summary>What was not acknowledged in time has expired.</summary>
    private void ForgetEnded()
    {
        var oldest = _time.GetUtcNow() - _unacknowledged;
        while (_ended.TryPeek(out var ended) && ended.At < oldest)
        {
            _ended.Dequeue();
        }
    }

    /// <summary>What ended last is forgotten though nothing ends after it, and the room of a busy hour with it.</summary>
    private void Sweep()
    {
        lock (_gate)
        {
            ForgetEnded();
            if (_ended.Count == 0)
            {
                _ended.TrimExcess();
            }

            if (_jobs.Count == 0)
            {
                _jobs.TrimExcess();
            }
        }
    }

    private void CompactIfLarge()
    {
        if (_journal is null || _journal.Length < Interlocked.Read(ref _compactAt) || Interlocked.Exchange(ref _compactAt, long.MaxValue) == long.MaxValue)
        {
            return;
        }

        _ = CompactAsync(_journal);
    }

    private async Task CompactAsync(Journal journal)
    {
        try
        {
            await journal.RewriteAsync(Live);
            Interlocked.Exchange(ref _compactAt, Math.Max(_leastCompactAt, 2 * journal.Length));
        }
        catch (Exception failure)
        {
            _logger.NotCompacted(_file, failure);
            Interlocked.Exchange(ref _compactAt, 2 * journal.Length);
        }
    }

    private List<byte[]> Live()
    {
        lock (_gate)
        {
            ForgetEnded();
            return [.. _keys.All().Concat<JobRecord>(_ended).Concat(_jobs.Values.SelectMany(entry => entry.Records())).Select(record => record.Encode())];
        }
    }

    private sealed class Entry(StreamJob job, DateTimeOffset at)
    {
        private volatile bool _isMarked;

        public (string User, long Version) Id => (Job.User, Job.Version);

        public StreamJob Job { get; set; } = job;

        public DateTimeOffset At { get; } = at;

        public IdempotencyReservation? Reservation { get; init; }

        public bool IsMarked
        {
            get => _isMarked;
            set => _isMarked = value;
        }

        public JobRecord.Enqueued Record() => new(
            Job.User, Job.Version, Job.Conversation, Job.Request.Memory, At, Reservation?.Key, Reservation?.BodyHash ?? default, Job.Label);

        /// <summary>All that has to be known of it after a restart.</summary>
        public IEnumerable<JobRecord> Records()
        {
            yield return Record();
            if (Job.Attempt > 1)
            {
                yield return new JobRecord.Abandoned(Job.User, Job.Version, Job.Attempt - 1);
            }

            if (IsMarked)
            {
                yield return new JobRecord.FirstFrame(Job.User, Job.Version);
            }
        }
    }
}
