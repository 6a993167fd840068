using Fairway.Storage;

namespace Fairway.Gateway.Jobs;

/// <summary>The ledger of one process, with a journal where there is a data folder. Two Gateways that share a broker need PostgreSQL instead.</summary>
internal sealed class JournalLedger : IJobLedger, IAsyncDisposable
{
    private static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string User, long Version), DateTimeOffset> _marks = [];
    private readonly Queue<(string User, long Version)> _marksInOrder = new();
    private readonly HashSet<JobRecord> _onTheWay = new(ReferenceEqualityComparer.Instance);
    private readonly IdempotencyKeys _keys;
    private readonly TimeProvider _time;
    private readonly ILogger<JournalLedger> _logger;
    private readonly Journal? _journal;
    private readonly long _leastCompactAt;
    private long _compactAt;

    /// <param name="path">The journal; null forgets everything with the process.</param>
    /// <param name="compactAt">Bytes from which the journal is rewritten without what is over.</param>
    public JournalLedger(string? path, TimeProvider time, ILogger<JournalLedger> logger, long compactAt = 4 << 20)
    {
        (_time, _logger, _leastCompactAt, _compactAt) = (time, logger, compactAt, compactAt);
        _keys = new IdempotencyKeys(time);
        if (path is null)
        {
            return;
        }

        _journal = Journal.Open(path, (_, record) => Replay(JobRecord.Decode(record)), out var cut);
        if (cut > 0)
        {
            logger.TailCut(Path.GetFileName(path), cut);
        }
    }

    public Task<IdempotencyResult> ReserveAsync(string user, string key, ReadOnlyMemory<byte> bodyHash, CancellationToken cancellationToken) =>
        _keys.ReserveAsync(user, key, bodyHash, cancellationToken);

    public async Task SettleAsync(IdempotencyReservation reservation, long version)
    {
        var at = _time.GetUtcNow();
        await KeepAsync(
            new JobRecord.Key(reservation.User, reservation.Key, reservation.BodyHash, version, at),
            () => _keys.Settle(reservation.User, reservation.Key, reservation.BodyHash, version, at));
    }

    public Task MarkFirstFrameAsync(string user, long version) => KeepAsync(new JobRecord.FirstFrame(user, version), () => Mark(user, version));

    public Task<bool> HasFirstFrameAsync(string user, long version)
    {
        lock (_gate)
        {
            return Task.FromResult(_marks.ContainsKey((user, version)));
        }
    }

    public ValueTask DisposeAsync() => _journal?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Writes a record and then remembers it. In between it counts as remembered, or a rewrite of the journal would leave it out.</summary>
    private async Task KeepAsync(JobRecord record, Action remember)
    {
        if (_journal is null)
        {
            remember();
            return;
        }

        lock (_gate)
        {
            _onTheWay.Add(record);
        }

        try
        {
            await _journal.AppendAsync(record.Encode());
            remember();
        }
        finally
        {
            lock (_gate)
            {
                _onTheWay.Remove(record);
            }
        }

        CompactIfLarge(_journal);
    }

    private void Replay(JobRecord record)
    {
        switch (record)
        {
            case JobRecord.FirstFrame mark:
                Mark(mark.User, mark.Version);
                break;
            case JobRecord.Key key:
                _keys.Settle(key.User, key.IdempotencyKey, key.BodyHash, key.Version, key.At);
                break;
        }
    }

    private void Mark(string user, long version)
    {
        lock (_gate)
        {
            while (_marksInOrder.TryPeek(out var oldest) && _time.GetUtcNow() - _marks[oldest] > Memory)
            {
                _marks.Remove(_marksInOrder.Dequeue());
            }

            if (_marks.TryAdd((user, version), _time.GetUtcNow()))
            {
                _marksInOrder.Enqueue((user, version));
            }
        }
    }

    private void CompactIfLarge(Journal journal)
    {
        if (journal.Length >= Interlocked.Read(ref _compactAt) && Interlocked.Exchange(ref _compactAt, long.MaxValue) != long.MaxValue)
        {
            _ = CompactAsync(journal);
        }
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
            _logger.NotCompacted("ledger.journal", failure);
            Interlocked.Exchange(ref _compactAt, 2 * journal.Length);
        }
    }

    private List<byte[]> Live()
    {
        lock (_gate)
        {
            return [.. _onTheWay.Concat(_keys.All()).Concat(_marksInOrder.Select(JobRecord (mark) => new JobRecord.FirstFrame(mark.User, mark.Version)))
                .Select(record => record.Encode())];
        }
    }
}
