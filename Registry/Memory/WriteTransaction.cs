using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf;

namespace Fairway.Registry.Memory;

/// <summary>The writes of one revision. Lives inside <see cref="MvccStore.Write"/> only; reads of the store see its writes.</summary>
internal sealed class WriteTransaction(MvccStore store, KeyIndex keys, long revision)
{
    public MvccStore Store => store;

    /// <summary>The revision its writes get.</summary>
    public long Revision => revision;

    public List<Event> Events { get; } = [];

    /// <summary>What a response's header says: the new revision once something was written.</summary>
    public long VisibleRevision => Events.Count > 0 ? revision : store.Revision;

    /// <summary>Writes a key and returns what it replaced. The lease, if any, must be there.</summary>
    public KeyValue? Put(ByteString key, ByteString value, long lease)
    {
        var history = keys.GetOrAdd(key);
        var previous = history.Latest;
        var stored = new KeyValue
        {
            Key = key,
            Value = value,
            CreateRevision = previous?.CreateRevision ?? revision,
            ModRevision = revision,
            Version = (previous?.Version ?? 0) + 1,
            Lease = lease,
        };
        Detach(previous);
        if (lease != 0)
        {
            store.Leases.Find(lease)!.Keys.Add(key);
        }

        history.Add(revision, stored);
        Events.Add(new Event { Type = Event.Types.EventType.Put, Kv = stored, PrevKv = previous });
        return previous;
    }

    /// <summary>Deletes a range and returns what was there.</summary>
    public IReadOnlyList<KeyValue> Delete(KeyRange range)
    {
        var deleted = new List<KeyValue>();
        foreach (var history in keys.In(range))
        {
            if (history.Latest is { } previous)
            {
                Detach(previous);
                history.Add(revision, null);
                Events.Add(new Event
                {
                    Type = Event.Types.EventType.Delete,
                    Kv = new KeyValue { Key = previous.Key, ModRevision = revision },
                    PrevKv = previous,
                });
                deleted.Add(previous);
            }
        }

        return deleted;
    }

    /// <summary>Ends a lease with its keys.</summary>
    public void Revoke(Lease lease)
    {
        store.Leases.Remove(lease);
        foreach (var key in lease.Keys.Order(Comparer<ByteString>.Create(KeyRange.Compare)).ToList())
        {
            Delete(new KeyRange(key, ByteString.Empty));
        }
    }

    private void Detach(KeyValue? previous)
    {
        if (previous is { Lease: not 0 })
        {
            store.Leases.Find(previous.Lease)?.Keys.Remove(previous.Key);
        }
    }
}
