using Fairway.Grains.Streams;
using Microsoft.Extensions.Options;

namespace Fairway.Storage.History;

/// <summary>
/// History as a journal with an index in memory. Rewritten without what is past its time, and without records that others stand for,
/// once half of it is such; until the new file has its name, the old one is whole.
/// </summary>
internal sealed class JournalHistory : IHistory, IAsyncDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);

    /// <summary>What is past its time is erased from the disk at the latest this long after.</summary>
    private static readonly TimeSpan EraseWithin = TimeSpan.FromHours(22);

    private readonly Lock _gate = new();
    private readonly HistoryIndex _index;
    private readonly Journal? _journal;
    private readonly ITimer? _sweep;
    private readonly long _compactAt;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _file = "";
    private int _generation;
    private int _isCompacting;
    private long _sweepAt;
    private long _rewrittenAt;
    private bool _hasExpired;

    /// <param name="path">The journal; null keeps everything in memory.</param>
    /// <param name="compactAt">Bytes that must be worth nothing before the journal is rewritten.</param>
    public JournalHistory(string? path, IOptions<HistoryOptions> options, TimeProvider time, ILogger<JournalHistory> logger, long compactAt = 4 << 20)
    {
        (_time, _logger, _compactAt, _rewrittenAt) = (time, logger, compactAt, time.GetTimestamp());
        _index = new HistoryIndex(time, options.Value.Retention);
        if (path is null)
        {
            return;
        }

        _file = Path.GetFileName(path);
        _journal = Journal.Open(
            path, (position, record) => _index.Add(HistoryRecord.Decode(record), position, record.Length, isInMemory: false), out var cut);
        if (cut > 0)
        {
            logger.TailCut(_file, cut);
        }

        _rewrittenAt -= (long)(EraseWithin.TotalSeconds * time.TimestampFrequency); // a process that is started daily must erase too
        Sweep();
        _sweep = time.CreateTimer(static history => ((JournalHistory)history!).Sweep(), this, SweepEvery, SweepEvery);
    }

    public async Task WriteAsync(HistoryEntry entry)
    {
        DateTimeOffset? now = entry.IsAcknowledged ? _time.GetUtcNow() : null;
        if (Holds(entry))
        {
            if (entry.IsAcknowledged && !WasAcknowledged(entry.User, entry.Version))
            {
                await AcknowledgeAsync(entry.User, entry.Version);
            }

            return;
        }

        var answer = AnswerAssembly.Of(entry.Chunks);
        var item = new HistoryItem(
            entry.Version, entry.Conversation, AnswerAssembly.Messages(entry.Request), answer.Text, answer.ToolCalls, entry.FinishedAt);
        await KeepAsync(new HistoryRecord(entry.User, entry.Version, item, now));
    }

    public Task AcknowledgeAsync(string user, long version) => KeepAsync(new HistoryRecord(user, version, null, _time.GetUtcNow()));

    public ValueTask<bool> WasAcknowledgedAsync(string user, long version) => ValueTask.FromResult(WasAcknowledged(user, version));

    private bool WasAcknowledged(string user, long version)
    {
        lock (_gate)
        {
            return _index.WasAcknowledged(user, version);
        }
    }

    public async Task<HistoryPage> PageAsync(string user, string conversation, long before, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        while (true)
        {
            HistoryIndex.Entry[] entries;
            bool isLast;
            int generation;
            lock (_gate)
            {
                (entries, isLast) = _index.Page(user, conversation, before, limit);
                generation = _generation;
            }

            try
            {
                var items = await ReadAsync(entries, cancellationToken);
                if (_journal is null || _journal.Generation == generation)
                {
                    return new HistoryPage(items, isLast ? null : items[^1].Version);
                }
            }
            catch (Exception error) when (error is IOException or InvalidDataException or ObjectDisposedException && _journal!.Generation != generation)
            {
                // rewritten meanwhile: these positions mean something else now
            }

            await Task.Yield();
        }
    }

    public ValueTask DisposeAsync()
    {
        _sweep?.Dispose();
        return _journal?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private async Task<HistoryItem[]> ReadAsync(HistoryIndex.Entry[] entries, CancellationToken cancellationToken)
    {
        var items = new HistoryItem[entries.Length];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = entries[i].Item ?? HistoryRecord.Decode(await _journal!.ReadAsync(entries[i].Position, cancellationToken)).Item!;
        }

        return items;
    }

    private async Task KeepAsync(HistoryRecord record)
    {
        if (_journal is null)
        {
            Apply(record, 0, 0);
            return;
        }

        var bytes = record.Encode();
        await _journal.AppendAsync(bytes, position => Apply(record, position, bytes.Length));
        if (_journal.Length >= Interlocked.Read(ref _sweepAt))
        {
            Sweep();
        }
    }

    private void Apply(HistoryRecord record, long position, int length)
    {
        lock (_gate)
        {
            _index.Add(record, position, length, isInMemory: _journal is null);
        }
    }

    private bool Holds(HistoryEntry entry)
    {
        lock (_gate)
        {
            return _index.Holds(entry.User, entry.Conversation, entry.Version);
        }
    }

    /// <summary>Lets go of what is past its time, and rewrites the journal where that is worth it.</summary>
    private void Sweep()
    {
        var journal = _journal!;
        bool isWorthIt;
        lock (_gate)
        {
            _hasExpired |= _index.Expire();
            var length = journal.Length;
            Interlocked.Exchange(ref _sweepAt, length + _compactAt);
            var waste = length - _index.Bytes;
            isWorthIt = (waste >= _compactAt && waste >= length / 2) || (_hasExpired && _time.GetElapsedTime(_rewrittenAt) >= EraseWithin);
        }

        if (isWorthIt && Interlocked.Exchange(ref _isCompacting, 1) == 0)
        {
            _ = CompactAsync(journal);
        }
    }

    private async Task CompactAsync(Journal journal)
    {
        try
        {
            List<(string User, HistoryIndex.Entry Entry)> answers = [];
            await journal.RewriteAsync(() => Live(journal, answers), positions => Moved(answers, positions));
        }
        catch (Exception failure)
        {
            _logger.NotCompacted(_file, failure);
        }
        finally
        {
            Volatile.Write(ref _isCompacting, 0);
        }
    }

    /// <summary>What is to be kept: answers as they stand, then what else is known of acknowledgements. Runs while nothing is written.</summary>
    private IEnumerable<byte[]> Live(Journal journal, List<(string User, HistoryIndex.Entry Entry)> answers)
    {
        (string User, long Version, DateTimeOffset At)[] acknowledged;
        lock (_gate)
        {
            answers.AddRange(_index.Answers());
            acknowledged = [.. _index.Acknowledged];
            _hasExpired = false;
        }

        HashSet<(string User, long Version)> told = [];
        foreach (var (user, entry) in answers)
        {
            var record = journal.Read(entry.Position);
            if (HistoryRecord.TellsOfAcknowledgement(record))
            {
                told.Add((user, entry.Version));
            }

            yield return record;
        }

        foreach (var (user, version, at) in acknowledged.Where(one => !told.Contains((one.User, one.Version))))
        {
            yield return new HistoryRecord(user, version, null, at).Encode();
        }
    }

    private void Moved(List<(string User, HistoryIndex.Entry Entry)> answers, IReadOnlyList<long> positions)
    {
        lock (_gate)
        {
            _index.Move(answers, positions);
            _generation = _journal!.Generation;
            _rewrittenAt = _time.GetTimestamp();
            Interlocked.Exchange(ref _sweepAt, _journal.Length + _compactAt);
        }
    }
}
