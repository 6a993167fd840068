using Fairway.Registry.Etcd.Protocol;

namespace Fairway.Registry.Memory;

/// <summary>One change as watchers see it; <see cref="Event.PrevKv"/> is always filled where there was a value.</summary>
internal readonly record struct LoggedChange(long Revision, Event Event)
{
    public int Bytes => Event.Kv.Key.Length + Event.Kv.Value.Length;
}

/// <summary>The changes since the last compaction, oldest first.</summary>
internal sealed class ChangeLog
{
    private readonly List<LoggedChange> _changes = [];

    public int Count => _changes.Count;

    public long Bytes { get; private set; }

    public void Add(LoggedChange change)
    {
        _changes.Add(change);
        Bytes += change.Bytes;
    }

    /// <summary>Changes at or after a revision.</summary>
    public IEnumerable<LoggedChange> From(long revision)
    {
        for (var i = FirstAt(revision); i < _changes.Count; i++)
        {
            yield return _changes[i];
        }
    }

    /// <summary>Drops changes before a revision and returns them.</summary>
    public IReadOnlyList<LoggedChange> DropBefore(long revision)
    {
        var count = FirstAt(revision);
        var dropped = _changes.GetRange(0, count);
        _changes.RemoveRange(0, count);
        Bytes -= dropped.Sum(change => (long)change.Bytes);
        return dropped;
    }

    /// <summary>The revision of the change in the middle: dropping before it halves the log.</summary>
    public long MiddleRevision() => _changes[_changes.Count / 2].Revision;

    private int FirstAt(long revision)
    {
        var low = 0;
        var high = _changes.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_changes[middle].Revision < revision)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
