using Fairway.Registry.Etcd.Protocol;

namespace Fairway.Registry.Memory;

/// <summary>etcd's lease requests on the store. Headers are the caller's to fill, but for the revision.</summary>
internal sealed class EtcdLeases(MvccStore store, MemoryRegistryOptions options)
{
    private const long MaxSeconds = 9_000_000_000;

    public LeaseGrantResponse Grant(LeaseGrantRequest request)
    {
        if (request.TTL > MaxSeconds)
        {
            throw StoreException.LeaseTtlTooLarge();
        }

        return store.Read(s =>
        {
            var id = request.ID != 0 ? request.ID : NewId(s.Leases);
            if (s.Leases.Find(id) is not null)
            {
                throw StoreException.LeaseExists();
            }

            var seconds = Math.Max(request.TTL, (long)Math.Ceiling(options.MinLease.TotalSeconds));
            s.Leases.Add(id, TimeSpan.FromSeconds(seconds));
            s.ScheduleExpiry();
            return new LeaseGrantResponse { Header = Header(s), ID = id, TTL = seconds };
        });
    }

    public LeaseRevokeResponse Revoke(LeaseRevokeRequest request) => store.Write(transaction =>
    {
        transaction.Revoke(transaction.Store.Leases.Find(request.ID) ?? throw StoreException.LeaseNotFound());
        return new LeaseRevokeResponse { Header = new ResponseHeader { Revision = transaction.VisibleRevision } };
    });

    /// <summary>The TTL of the answer is 0 when the lease is gone.</summary>
    public LeaseKeepAliveResponse KeepAlive(LeaseKeepAliveRequest request) => store.Read(s =>
    {
        var lease = s.Leases.Find(request.ID);
        if (lease is not null)
        {
            s.Leases.Renew(lease);
        }

        return new LeaseKeepAliveResponse
        {
            Header = Header(s), ID = request.ID, TTL = (long)(lease?.TimeToLive.TotalSeconds ?? 0),
        };
    });

    /// <summary>The TTL of the answer is -1 when there is no such lease.</summary>
    public LeaseTimeToLiveResponse TimeToLive(LeaseTimeToLiveRequest request) => store.Read(s =>
    {
        var response = new LeaseTimeToLiveResponse { Header = Header(s), ID = request.ID, TTL = -1 };
        if (s.Leases.Find(request.ID) is { } lease)
        {
            response.TTL = Math.Max(0, (long)s.Leases.Remaining(lease).TotalSeconds);
            response.GrantedTTL = (long)lease.TimeToLive.TotalSeconds;
            if (request.Keys)
            {
                response.Keys.AddRange(lease.Keys);
            }
        }

        return response;
    });

    public LeaseLeasesResponse Leases() => store.Read(s =>
    {
        var response = new LeaseLeasesResponse { Header = Header(s) };
        response.Leases.AddRange(s.Leases.All.Select(lease => new LeaseStatus { ID = lease.Id }));
        return response;
    });

    private static ResponseHeader Header(MvccStore store) => new() { Revision = store.Revision };

    private static long NewId(LeaseTable leases)
    {
        long id;
        do
        {
            id = Random.Shared.NextInt64(1, long.MaxValue);
        }
        while (leases.Find(id) is not null);
        return id;
    }
}
