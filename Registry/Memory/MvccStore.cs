using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf;

namespace Fairway.Registry.Memory;

/// <summary>
/// A multi-version store: every write makes a revision, and history since the last compaction can be read and watched.
/// All members are thread-safe; <see cref="Read"/> and <see cref="Write"/> run their body under the store's lock.
/// </summary>
internal sealed class MvccStore : IDisposable
{
    private readonly Lock _gate = new();
    private readonly KeyIndex _keys = new();
    private readonly ChangeLog _log = new();
    private readonly HashSet<StoreWatch> _watches = [];
    private readonly MemoryRegistryOptions _options;
    private readonly ITimer _expiry;

    public MvccStore(MemoryRegistryOptions options, TimeProvider time)
    {
        _options = options;
        Leases = new LeaseTable(time);
        _expiry = time.CreateTimer(
            static store => ((MvccStore)store!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The revision of the last write; an empty store is at 1, as etcd's is.</summary>
    public long Revision { get; private set; } = 1;

    /// <summary>The first revision that can be read; 0 when all can.</summary>
    public long CompactRevision { get; private set; }

    /// <summary>How many watches stand.</summary>
    public int Watches
    {
        get
        {
            lock (_gate)
            {
                return _watches.Count;
            }
        }
    }

    /// <summary>Guarded by the lock: touch it inside <see cref="Read"/> and <see cref="Write"/> only.</summary>
    public LeaseTable Leases { get; }

    public T Read<T>(Func<MvccStore, T> body)
    {
        lock (_gate)
        {
            return body(this);
        }
    }

    /// <summary>Runs the body as one revision, which exists only if it changed something. The body checks before its first write.</summary>
    public T Write<T>(Func<WriteTransaction, T> body)
    {
        lock (_gate)
        {
            var transaction = new WriteTransaction(this, _keys, Revision + 1);
            var result = body(transaction);
            Commit(transaction);
            return result;
        }
    }

    /// <summary>The keys of a range at a revision (0: now), in key order. Under the lock.</summary>
    /// <exception cref="StoreException">The revision is compacted or to come.</exception>
    public IEnumerable<KeyValue> Range(KeyRange range, long revision)
    {
        Check(revision);
        var at = revision <= 0 ? long.MaxValue : revision;
        return _keys.In(range).Select(key => key.At(at)).OfType<KeyValue>();
    }

    public KeyValue? Latest(ByteString key) => _keys.Find(key)?.Latest;

    /// <exception cref="StoreException">The revision is compacted or to come.</exception>
    public void Check(long revision)
    {
        if (revision > Revision)
        {
            throw StoreException.FutureRevision();
        }

        if (revision > 0 && revision < CompactRevision)
        {
            throw StoreException.Compacted(CompactRevision);
        }
    }

    /// <summary>Drops what no read at or after a revision needs.</summary>
    /// <exception cref="StoreException">The revision is compacted already, or to come.</exception>
    public void Compact(long revision)
    {
        lock (_gate)
        {
            if (revision <= CompactRevision)
            {
                throw StoreException.Compacted(CompactRevision);
            }

            Check(revision);
            DropBefore(revision);
        }
    }

    /// <summary>A watch from a revision on; 0 or less for what comes next.</summary>
    public StoreWatch Watch(KeyRange range, long from)
    {
        lock (_gate)
        {
            var watch = new StoreWatch(this, range, from > 0 ? from : Revision + 1);
            _watches.Add(watch);
            watch.Wake();
            return watch;
        }
    }

    public IReadOnlyList<Event>? Take(StoreWatch watch)
    {
        lock (_gate)
        {
            if (watch.Next > Revision)
            {
                return null;
            }

            if (watch.Next < CompactRevision)
            {
                throw StoreException.Compacted(CompactRevision);
            }

            var events = _log.From(watch.Next).Select(change => change.Event).Where(e => watch.Range.Contains(e.Kv.Key)).ToList();
            watch.Next = Revision + 1;
            return events.Count == 0 ? null : events;
        }
    }

    public void Remove(StoreWatch watch)
    {
        lock (_gate)
        {
            _watches.Remove(watch);
        }
    }

    /// <summary>Sets the one timer to the next lease that may end. Under the lock, after leases were added.</summary>
    public void ScheduleExpiry() => _expiry.Change(Leases.UntilNext(), Timeout.InfiniteTimeSpan);

    public void Dispose() => _expiry.Dispose();

    private void Expire()
    {
        lock (_gate)
        {
            while (Leases.NextExpired() is { } lease)
            {
                var transaction = new WriteTransaction(this, _keys, Revision + 1);
                transaction.Revoke(lease);
                Commit(transaction);
            }

            ScheduleExpiry();
        }
    }

    private void Commit(WriteTransaction transaction)
    {
        if (transaction.Events.Count == 0)
        {
            return;
        }

        Revision = transaction.Revision;
        foreach (var change in transaction.Events)
        {
            _log.Add(new LoggedChange(Revision, change));
        }

        foreach (var watch in _watches)
        {
            if (transaction.Events.Exists(change => watch.Range.Contains(change.Kv.Key)))
            {
                watch.Wake();
            }
            else if (watch.Next == Revision)
            {
                watch.Next++; // nothing for it here, so compaction of this revision is no loss to it
            }
        }

        if (_log.Count > _options.HistoryChanges || (_log.Bytes > _options.HistoryBytes && _log.Count > 1))
        {
            DropBefore(_log.MiddleRevision());
        }
    }

    private void DropBefore(long revision)
    {
        CompactRevision = Math.Max(CompactRevision, revision);
        foreach (var key in _log.DropBefore(revision).Select(change => change.Event.Kv.Key).ToHashSet())
        {
            _keys.Find(key)?.Compact(revision);
        }

        _keys.RemoveEmpty();
        foreach (var watch in _watches.Where(watch => watch.Next < revision))
        {
            watch.Wake();
        }
    }
}
