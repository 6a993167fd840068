using Fairway.Registry.Etcd.Protocol;
using Fairway.Registry.Memory;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Fairway.Registry.Etcd;

/// <summary>Between the registry's terms and etcd's messages, for the client and the embedded store alike.</summary>
internal static class EtcdMessages
{
    /// <summary>A page of a prefix in key order.</summary>
    /// <param name="after">The last key of the page before.</param>
    /// <param name="limit">0 for no limit.</param>
    /// <param name="revision">0 for now.</param>
    public static RangeRequest Page(string prefix, long limit, ByteString? after = null, long revision = 0)
    {
        var range = PrefixRange(prefix);
        return new RangeRequest
        {
            Key = after is null ? range.Start : UnsafeByteOperations.UnsafeWrap((byte[])[.. after.Span, 0]),
            RangeEnd = range.End,
            Limit = limit,
            Revision = revision,
        };
    }

    public static RangeRequest Get(string key) => new() { Key = Key(key) };

    public static PutRequest Put(string key, ReadOnlyMemory<byte> value, long lease) =>
        new() { Key = Key(key), Value = ByteString.CopyFrom(value.Span), Lease = lease };

    public static DeleteRangeRequest Delete(string key, bool prefix)
    {
        var range = prefix ? PrefixRange(key) : new KeyRange(Key(key), ByteString.Empty);
        return new DeleteRangeRequest { Key = range.Start, RangeEnd = range.End };
    }

    public static TxnRequest Txn(RegistryTxn txn)
    {
        var request = new TxnRequest();
        request.Compare.AddRange(txn.Guards.Select(Guard));
        request.Success.AddRange(txn.Then.Select(Operation));
        request.Failure.AddRange(txn.Else.Select(Operation));
        return request;
    }

    /// <summary>Whole seconds, rounded up.</summary>
    public static LeaseGrantRequest Grant(TimeSpan timeToLive)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeToLive, TimeSpan.Zero);
        return new LeaseGrantRequest { TTL = (long)Math.Ceiling(timeToLive.TotalSeconds) };
    }

    public static WatchRequest Watch(string prefix, long fromRevision)
    {
        var range = PrefixRange(prefix);
        return new WatchRequest
        {
            CreateRequest = new WatchCreateRequest
            {
                Key = range.Start, RangeEnd = range.End, StartRevision = fromRevision, ProgressNotify = true, Fragment = true,
            },
        };
    }

    /// <summary>The empty prefix is every key.</summary>
    public static KeyRange PrefixRange(string prefix)
    {
        var start = Key(prefix);
        return start.IsEmpty
            ? new KeyRange(ByteString.CopyFrom(0), ByteString.CopyFrom(0))
            : new KeyRange(start, KeyRange.PrefixEnd(start.Span));
    }

    public static RegistryEntry? Single(RangeResponse response) => response.Kvs.Count == 0 ? null : Entry(response.Kvs[0]);

    public static List<RegistryEntry> Entries(RepeatedField<KeyValue> kvs)
    {
        var entries = new List<RegistryEntry>(kvs.Count);
        entries.AddRange(kvs.Select(Entry));
        return entries;
    }

    /// <summary>The batch's revision is its last event's: a header may be ahead of events still to come.</summary>
    public static WatchBatch Batch(IReadOnlyList<Event> events, ulong clusterId) => new(
        events[^1].Kv.ModRevision,
        [.. events.Select(change => new RegistryChange(change.Type == Event.Types.EventType.Delete, Entry(change.Kv)))])
    {
        ClusterId = clusterId,
    };

    /// <summary>Null when the lease is gone.</summary>
    public static TimeSpan? TimeLeft(LeaseKeepAliveResponse response) =>
        response.TTL > 0 ? TimeSpan.FromSeconds(response.TTL) : null;

    private static RegistryEntry Entry(KeyValue kv) =>
        new(kv.Key.ToStringUtf8(), kv.Value, kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease);

    private static Compare Guard(RegistryCompare guard) => guard switch
    {
        RegistryCompare.ModRevisionIs mod => new Compare
        {
            Key = Key(mod.Key),
            Target = Compare.Types.CompareTarget.Mod,
            Result = Compare.Types.CompareResult.Equal,
            ModRevision = mod.Revision,
        },
        RegistryCompare.Exists exists => new Compare
        {
            Key = Key(exists.Key),
            Target = Compare.Types.CompareTarget.Version,
            Result = Compare.Types.CompareResult.Greater,
            Version = 0,
        },
        _ => throw new ArgumentException($"No such guard: {guard.GetType().Name}.", nameof(guard)),
    };

    private static RequestOp Operation(RegistryOp operation) => operation switch
    {
        RegistryOp.Put put => new RequestOp { RequestPut = Put(put.Key, put.Value, put.Lease) },
        RegistryOp.Delete delete => new RequestOp { RequestDeleteRange = Delete(delete.Key, delete.Prefix) },
        _ => throw new ArgumentException($"No such operation: {operation.GetType().Name}.", nameof(operation)),
    };

    private static ByteString Key(string key) => ByteString.CopyFromUtf8(key);
}
