using System.Runtime.InteropServices;
using Fairway.Gateway.Storage;
using Fairway.Grains.Streams;

namespace Fairway.Gateway.History;

/// <summary>History as a journal with an index in memory: answers by user and conversation, and the acknowledgements of the last day.</summary>
internal sealed class JournalHistory : IHistory, IAsyncDisposable
{
    private static readonly TimeSpan AcknowledgementMemory = TimeSpan.FromHours(24);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string User, string Conversation), List<Entry>> _answers = [];
    private readonly Dictionary<(string User, long Version), DateTimeOffset> _acknowledged = [];
    private readonly Queue<(string User, long Version)> _acknowledgedInOrder = new();
    private readonly Journal? _journal;
    private readonly bool _isInMemory;
    private readonly TimeProvider _time;

    /// <param name="path">The journal; null keeps everything in memory.</param>
    public JournalHistory(string? path, TimeProvider time, ILogger<JournalHistory> logger)
    {
        _time = time;
        _isInMemory = path is null;
        if (path is not null)
        {
            _journal = Journal.Open(path, (position, record) => Apply(HistoryRecord.Decode(record), position), out var cut);
            if (cut > 0)
            {
                logger.TailCut(Path.GetFileName(path), cut);
            }
        }
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
            return _acknowledged.TryGetValue((user, version), out var at) && !IsForgotten(at);
        }
    }

    public async Task<HistoryPage> PageAsync(string user, string conversation, long before, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var (entries, isLast) = Find(user, conversation, before, limit);
        var items = new HistoryItem[entries.Length];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = entries[i].Item ?? HistoryRecord.Decode(await _journal!.ReadAsync(entries[i].Position, cancellationToken)).Item!;
        }

        return new HistoryPage(items, isLast ? null : items[^1].Version);
    }

    public ValueTask DisposeAsync() => _journal?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task KeepAsync(HistoryRecord record)
    {
        var position = _journal is null ? 0 : await _journal.AppendAsync(record.Encode());
        Apply(record, position);
    }

    private void Apply(HistoryRecord record, long position)
    {
        lock (_gate)
        {
            if (record.Item is { } item)
            {
                ref var answers = ref CollectionsMarshal.GetValueRefOrAddDefault(_answers, (record.User, item.Conversation), out _);
                answers ??= [];
                if (IndexOf(answers, item.Version) is < 0 and var place)
                {
                    answers.Insert(~place, new Entry(item.Version, position, _isInMemory ? item : null));
                }
            }

            if (record.AcknowledgedAt is { } at && !IsForgotten(at))
            {
                Forget();
                if (_acknowledged.TryAdd((record.User, record.Version), at))
                {
                    _acknowledgedInOrder.Enqueue((record.User, record.Version));
                }
            }
        }
    }

    private (Entry[] Entries, bool IsLast) Find(string user, string conversation, long before, int limit)
    {
        lock (_gate)
        {
            if (!_answers.TryGetValue((user, conversation), out var answers))
            {
                return ([], true);
            }

            var end = IndexOf(answers, before) is >= 0 and var at ? at : ~IndexOf(answers, before);
            var start = Math.Max(0, end - limit);
            var page = answers[start..end];
            page.Reverse();
            return ([.. page], start == 0);
        }
    }

    private bool Holds(HistoryEntry entry)
    {
        lock (_gate)
        {
            return _answers.TryGetValue((entry.User, entry.Conversation), out var answers) && IndexOf(answers, entry.Version) >= 0;
        }
    }

    private static int IndexOf(List<Entry> answers, long version) => answers.BinarySearch(new Entry(version, 0, null));

    private void Forget()
    {
        while (_acknowledgedInOrder.TryPeek(out var oldest) && IsForgotten(_acknowledged[oldest]))
        {
            _acknowledged.Remove(_acknowledgedInOrder.Dequeue());
        }
    }

    private bool IsForgotten(DateTimeOffset at) => _time.GetUtcNow() - at > AcknowledgementMemory;

    /// <summary>Where an answer stands in the journal, or itself where there is none.</summary>
    private readonly record struct Entry(long Version, long Position, HistoryItem? Item) : IComparable<Entry>
    {
        public int CompareTo(Entry other) => Version.CompareTo(other.Version);
    }
}
