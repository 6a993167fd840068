using Fairway.GrpcWire;
using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf;

namespace Fairway.Registry.Etcd;

/// <summary>Reads a prefix page by page, all of one revision: that of the first page.</summary>
internal sealed class EtcdListing(int pageSize, Func<RangeRequest, Task<RangeResponse>> range)
{
    private int _pageSize = pageSize;

    public async Task<RegistryListing> ReadAsync(string prefix)
    {
        var page = await PageAsync(prefix, after: null, revision: 0);
        var first = page.Header;
        var entries = EtcdMessages.Entries(page.Kvs);
        while (page.More)
        {
            page = await PageAsync(prefix, page.Kvs[^1].Key, first.Revision);
            entries.AddRange(EtcdMessages.Entries(page.Kvs));
        }

        return new RegistryListing(first.Revision, first.ClusterId, entries);
    }

    private async Task<RangeResponse> PageAsync(string prefix, ByteString? after, long revision)
    {
        while (true)
        {
            try
            {
                return await range(EtcdMessages.Page(prefix, _pageSize, after, revision));
            }
            catch (RegistryException e) when (_pageSize > 1 && IsTooLarge(e))
            {
                _pageSize /= 2;
            }
        }
    }

    /// <summary>The transport's limit of one message, this side's or the server's; etcd's own refusals name themselves.</summary>
    private static bool IsTooLarge(RegistryException e) =>
        e.InnerException is GrpcException { Status: GrpcStatus.ResourceExhausted } cause
        && !cause.Detail.StartsWith("etcdserver:", StringComparison.Ordinal);
}
