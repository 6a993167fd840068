using System.Runtime.InteropServices;
using Fairway.Grains.Streams;

namespace Fairway.Storage.History;

/// <summary>Where answers stand in the journal, by user and conversation, and the acknowledgements of the last day. One caller at a time.</summary>
internal sealed class HistoryIndex(TimeProvider time, TimeSpan? retention)
{
    private static readonly TimeSpan AcknowledgementMemory = TimeSpan.FromHours(24);

    private readonly Dictionary<(string User, string Conversation), List<Entry>> _answers = [];
    private readonly Dictionary<(string User, long Version), DateTimeOffset> _acknowledged = [];
    private readonly Queue<(string User, long Version)> _acknowledgedInOrder = new();

    /// <summary>Bytes of the answers that are kept.</summary>
    public long Bytes { get; private set; }

    /// <summary>Acknowledgements that are remembered.</summary>
    public IEnumerable<(string User, long Version, DateTimeOffset At)> Acknowledged =>
        _acknowledgedInOrder.Select(id => (id.User, id.Version, _acknowledged[id]));

    /// <summary>All answers in the order in which they stand in the journal.</summary>
    public List<(string User, Entry Entry)> Answers() =>
        [.. _answers.SelectMany(pair => pair.Value.Select(entry => (pair.Key.User, entry))).OrderBy(answer => answer.entry.Position)];

    public void Add(HistoryRecord record, long position, int length, bool isInMemory)
    {
        if (record.Item is { } item)
        {
            ref var answers = ref CollectionsMarshal.GetValueRefOrAddDefault(_answers, (record.User, item.Conversation), out _);
            answers ??= [];
            if (IndexOf(answers, item.Version) is < 0 and var place)
            {
                answers.Insert(~place, new Entry(item.Version, position, length, item.FinishedAt.UtcTicks, isInMemory ? item : null));
                Bytes += length;
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

    public bool Holds(string user, string conversation, long version) =>
        _answers.TryGetValue((user, conversation), out var answers) && IndexOf(answers, version) >= 0;

    public bool WasAcknowledged(string user, long version) => _acknowledged.TryGetValue((user, version), out var at) && !IsForgotten(at);

    /// <summary>Answers below a version, newest first, and whether there are no older ones.</summary>
    public (Entry[] Entries, bool IsLast) Page(string user, string conversation, long before, int limit)
    {
        if (!_answers.TryGetValue((user, conversation), out var answers))
        {
            return ([], true);
        }

        var page = new List<Entry>();
        var index = IndexOf(answers, before) is >= 0 and var at ? at : ~IndexOf(answers, before);
        while (--index >= 0)
        {
            if (IsExpired(answers[index]))
            {
                continue;
            }

            if (page.Count == limit)
            {
                return ([.. page], false);
            }

            page.Add(answers[index]);
        }

        return ([.. page], true);
    }

    /// <summary>Lets go of what is past its time. True when answers were.</summary>
    public bool Expire()
    {
        Forget();
        var count = 0;
        foreach (var (key, answers) in retention is null ? [] : _answers.ToArray())
        {
            Bytes -= answers.Where(IsExpired).Sum(entry => (long)entry.Length);
            count += answers.RemoveAll(IsExpired);
            if (answers.Count == 0)
            {
                _answers.Remove(key);
            }
        }

        return count > 0;
    }

    /// <summary>The answers of <see cref="Answers"/> stand at other positions now, in the same order.</summary>
    public void Move(IReadOnlyList<(string User, Entry Entry)> answers, IReadOnlyList<long> positions)
    {
        var moved = answers.Select((answer, index) => (answer.Entry.Position, To: positions[index])).ToDictionary(move => move.Position, move => move.To);
        foreach (var list in _answers.Values)
        {
            for (var i = 0; i < list.Count; i++)
            {
                list[i] = list[i] with { Position = moved[list[i].Position] };
            }
        }
    }

    private static int IndexOf(List<Entry> answers, long version) => answers.BinarySearch(new Entry(version, 0, 0, 0, null));

    private void Forget()
    {
        while (_acknowledgedInOrder.TryPeek(out var oldest) && IsForgotten(_acknowledged[oldest]))
        {
            _acknowledged.Remove(_acknowledgedInOrder.Dequeue());
        }
    }

    private bool IsForgotten(DateTimeOffset at) => time.GetUtcNow() - at > AcknowledgementMemory;

    private bool IsExpired(Entry entry) => retention is { } limit && time.GetUtcNow().UtcTicks - entry.FinishedAt > limit.Ticks;

    /// <summary>Where an answer stands in the journal, or itself where there is none.</summary>
    /// <param name="Length">Bytes of its record.</param>
    /// <param name="FinishedAt">Ticks of UTC.</param>
    internal readonly record struct Entry(long Version, long Position, int Length, long FinishedAt, HistoryItem? Item) : IComparable<Entry>
    {
        public int CompareTo(Entry other) => Version.CompareTo(other.Version);
    }
}
