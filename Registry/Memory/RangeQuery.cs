using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf;
using SortOrder = Fairway.Registry.Etcd.Protocol.RangeRequest.Types.SortOrder;
using SortTarget = Fairway.Registry.Etcd.Protocol.RangeRequest.Types.SortTarget;

namespace Fairway.Registry.Memory;

/// <summary>Answers etcd's Range: filter, sort, limit, strip, in that order.</summary>
internal static class RangeQuery
{
    public static RangeResponse Run(MvccStore store, RangeRequest request)
    {
        var found = store.Range(new KeyRange(request.Key, request.RangeEnd), request.Revision).ToList();
        // The count is of the range, whatever the filters and the limit leave of it.
        var response = new RangeResponse { Count = found.Count };
        if (request.CountOnly)
        {
            return response;
        }

        IEnumerable<KeyValue> kept = found.Where(kv => Passes(kv, request));
        kept = Sorted(kept, request);
        if (request.Limit > 0)
        {
            var limited = kept.Take((int)Math.Min(request.Limit + 1, int.MaxValue)).ToList();
            response.More = limited.Count > request.Limit;
            kept = limited.Take((int)Math.Min(request.Limit, int.MaxValue));
        }

        response.Kvs.AddRange(request.KeysOnly ? kept.Select(WithoutValue) : kept);
        return response;
    }

    private static bool Passes(KeyValue kv, RangeRequest request) =>
        (request.MinModRevision <= 0 || kv.ModRevision >= request.MinModRevision)
        && (request.MaxModRevision <= 0 || kv.ModRevision <= request.MaxModRevision)
        && (request.MinCreateRevision <= 0 || kv.CreateRevision >= request.MinCreateRevision)
        && (request.MaxCreateRevision <= 0 || kv.CreateRevision <= request.MaxCreateRevision);

    private static IEnumerable<KeyValue> Sorted(IEnumerable<KeyValue> kvs, RangeRequest request)
    {
        // A target other than the key without an order means ascending.
        var order = request is { SortOrder: SortOrder.None, SortTarget: not SortTarget.Key } ? SortOrder.Ascend : request.SortOrder;
        if (order == SortOrder.None || request is { SortOrder: SortOrder.Ascend, SortTarget: SortTarget.Key })
        {
            return kvs;
        }

        return request.SortTarget switch
        {
            SortTarget.Version => By(kvs, kv => kv.Version, order),
            SortTarget.Create => By(kvs, kv => kv.CreateRevision, order),
            SortTarget.Mod => By(kvs, kv => kv.ModRevision, order),
            SortTarget.Value => By(kvs, kv => kv.Value, order),
            _ => By(kvs, kv => kv.Key, order),
        };
    }

    private static IEnumerable<KeyValue> By(IEnumerable<KeyValue> kvs, Func<KeyValue, long> key, SortOrder order) =>
        order == SortOrder.Descend ? kvs.OrderByDescending(key) : kvs.OrderBy(key);

    private static IEnumerable<KeyValue> By(IEnumerable<KeyValue> kvs, Func<KeyValue, ByteString> key, SortOrder order)
    {
        var bytes = Comparer<ByteString>.Create(KeyRange.Compare);
        return order == SortOrder.Descend ? kvs.OrderByDescending(key, bytes) : kvs.OrderBy(key, bytes);
    }

    private static KeyValue WithoutValue(KeyValue kv) => new(kv) { Value = ByteString.Empty };
}
