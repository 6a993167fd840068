using Fairway.Registry.Etcd.Protocol;

namespace Fairway.Registry.Memory;

/// <summary>etcd's KV requests on the store, with etcd's checks in etcd's order. Headers are the caller's to fill, but for the revision.</summary>
internal sealed class EtcdKv(MvccStore store)
{
    /// <summary>The size of one request that etcd takes by default, 1.5 MiB.</summary>
    public const int MaxRequestBytes = 1536 * 1024;

    public RangeResponse Range(RangeRequest request)
    {
        TxnChecks.CheckRange(request);
        return store.Read(s =>
        {
            var response = RangeQuery.Run(s, request);
            response.Header = Header(s.Revision);
            return response;
        });
    }

    public PutResponse Put(PutRequest request)
    {
        TxnChecks.CheckSize(request);
        TxnChecks.CheckPut(request);
        return store.Write(transaction =>
        {
            TxnChecks.CheckPut(transaction.Store, request);
            return Put(transaction, request);
        });
    }

    public DeleteRangeResponse DeleteRange(DeleteRangeRequest request)
    {
        TxnChecks.CheckDelete(request);
        return store.Write(transaction => Delete(transaction, request));
    }

    public TxnResponse Txn(TxnRequest request)
    {
        TxnChecks.CheckSize(request);
        TxnChecks.CheckTxn(request);
        return store.Write(transaction =>
        {
            var path = new TxnPath(transaction.Store, request);
            path.Check();
            return Apply(transaction, request, path);
        });
    }

    public CompactionResponse Compact(CompactionRequest request)
    {
        store.Compact(request.Revision);
        return new CompactionResponse { Header = Header(store.Read(s => s.Revision)) };
    }

    private static ResponseHeader Header(long revision) => new() { Revision = revision };

    private static PutResponse Put(WriteTransaction transaction, PutRequest request)
    {
        var value = request.Value;
        var lease = request.Lease;
        if (request.IgnoreValue || request.IgnoreLease)
        {
            var latest = transaction.Store.Latest(request.Key)!;
            value = request.IgnoreValue ? latest.Value : value;
            lease = request.IgnoreLease ? latest.Lease : lease;
        }

        var previous = transaction.Put(request.Key, value, lease);
        return new PutResponse { Header = Header(transaction.Revision), PrevKv = request.PrevKv ? previous : null };
    }

    private static DeleteRangeResponse Delete(WriteTransaction transaction, DeleteRangeRequest request)
    {
        var deleted = transaction.Delete(new KeyRange(request.Key, request.RangeEnd));
        var response = new DeleteRangeResponse { Header = Header(transaction.VisibleRevision), Deleted = deleted.Count };
        if (request.PrevKv)
        {
            response.PrevKvs.AddRange(deleted);
        }

        return response;
    }

    private static TxnResponse Apply(WriteTransaction transaction, TxnRequest request, TxnPath path)
    {
        var succeeded = path.Succeeded(request);
        var response = new TxnResponse { Succeeded = succeeded };
        foreach (var operation in succeeded ? request.Success : request.Failure)
        {
            response.Responses.Add(Apply(transaction, operation, path));
        }

        response.Header = Header(transaction.VisibleRevision);
        return response;
    }

    private static ResponseOp Apply(WriteTransaction transaction, RequestOp operation, TxnPath path)
    {
        switch (operation.RequestCase)
        {
            case RequestOp.RequestOneofCase.RequestRange:
                var range = RangeQuery.Run(transaction.Store, operation.RequestRange);
                range.Header = Header(transaction.VisibleRevision);
                return new ResponseOp { ResponseRange = range };
            case RequestOp.RequestOneofCase.RequestPut:
                return new ResponseOp { ResponsePut = Put(transaction, operation.RequestPut) };
            case RequestOp.RequestOneofCase.RequestDeleteRange:
                return new ResponseOp { ResponseDeleteRange = Delete(transaction, operation.RequestDeleteRange) };
            default:
                return new ResponseOp { ResponseTxn = Apply(transaction, operation.RequestTxn, path) };
        }
    }
}
