using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf;
using Operation = Fairway.Registry.Etcd.Protocol.RequestOp.RequestOneofCase;

namespace Fairway.Registry.Memory;

/// <summary>What etcd refuses before it runs a request.</summary>
internal static class TxnChecks
{
    private const int MaxOperations = 128;

    public static void CheckSize(IMessage request)
    {
        if (request.CalculateSize() > EtcdKv.MaxRequestBytes)
        {
            throw StoreException.RequestTooLarge();
        }
    }

    public static void CheckRange(RangeRequest request) => CheckKey(request.Key);

    public static void CheckDelete(DeleteRangeRequest request) => CheckKey(request.Key);

    public static void CheckPut(PutRequest request)
    {
        CheckKey(request.Key);
        if (request.IgnoreValue && !request.Value.IsEmpty)
        {
            throw StoreException.ValueGiven();
        }

        if (request.IgnoreLease && request.Lease != 0)
        {
            throw StoreException.LeaseGiven();
        }
    }

    /// <summary>What depends on the state: the lease, and the key whose value or lease is to stay.</summary>
    public static void CheckPut(MvccStore store, PutRequest request)
    {
        if ((request.IgnoreValue || request.IgnoreLease) && store.Latest(request.Key) is null)
        {
            throw StoreException.KeyNotFound();
        }

        if (request.Lease != 0 && store.Leases.Find(request.Lease) is null)
        {
            throw StoreException.LeaseNotFound();
        }
    }

    public static void CheckTxn(TxnRequest request)
    {
        if (request.Compare.Count > MaxOperations || request.Success.Count > MaxOperations || request.Failure.Count > MaxOperations)
        {
            throw StoreException.TooManyOperations();
        }

        foreach (var compare in request.Compare)
        {
            CheckKey(compare.Key);
        }

        foreach (var operation in request.Success.Concat(request.Failure))
        {
            CheckOperation(operation);
        }

        CheckOverlaps(request.Success);
        CheckOverlaps(request.Failure);
    }

    private static void CheckOperation(RequestOp operation)
    {
        switch (operation.RequestCase)
        {
            case Operation.RequestRange:
                CheckRange(operation.RequestRange);
                break;
            case Operation.RequestPut:
                CheckPut(operation.RequestPut);
                break;
            case Operation.RequestDeleteRange:
                CheckDelete(operation.RequestDeleteRange);
                break;
            case Operation.RequestTxn:
                CheckTxn(operation.RequestTxn);
                break;
            default:
                throw StoreException.KeyNotFound(); // etcd's answer to an operation that is none
        }
    }

    /// <summary>One revision holds one change of a key: no key is put twice, or put and deleted, in one run of a transaction.</summary>
    private static (HashSet<ByteString> Puts, List<KeyRange> Deletes) CheckOverlaps(IEnumerable<RequestOp> operations)
    {
        var puts = new HashSet<ByteString>();
        var deletes = new List<KeyRange>();
        foreach (var operation in operations)
        {
            switch (operation.RequestCase)
            {
                case Operation.RequestPut:
                    AddAll(puts, [operation.RequestPut.Key]);
                    break;
                case Operation.RequestDeleteRange:
                    deletes.Add(new KeyRange(operation.RequestDeleteRange.Key, operation.RequestDeleteRange.RangeEnd));
                    break;
                case Operation.RequestTxn:
                    // Either branch may run, but never both: they may share keys with each other.
                    var (successPuts, successDeletes) = CheckOverlaps(operation.RequestTxn.Success);
                    var (failurePuts, failureDeletes) = CheckOverlaps(operation.RequestTxn.Failure);
                    successPuts.UnionWith(failurePuts);
                    AddAll(puts, successPuts);
                    deletes.AddRange(successDeletes);
                    deletes.AddRange(failureDeletes);
                    break;
            }
        }

        return deletes.Exists(range => puts.Any(range.Contains)) ? throw StoreException.DuplicateKey() : (puts, deletes);
    }

    private static void AddAll(HashSet<ByteString> puts, IEnumerable<ByteString> keys)
    {
        foreach (var key in keys)
        {
            if (!puts.Add(key))
            {
                throw StoreException.DuplicateKey();
            }
        }
    }

    private static void CheckKey(ByteString key)
    {
        if (key.IsEmpty)
        {
            throw StoreException.KeyNotGiven();
        }
    }
}
