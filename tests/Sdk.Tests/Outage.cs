using Fairway.Registry;

namespace Fairway.Sdk.Tests;

/// <summary>A registry that can be away: every call then fails as it does when no endpoint answers.</summary>
internal sealed class Outage(IRegistry inner) : IRegistry
{
    private volatile bool _away;
    private int _refused;
    private int _keptAlive;

    public bool Away
    {
        get => _away;
        set => _away = value;
    }

    /// <summary>Calls that found it away.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Renewals of leases that got through.</summary>
    public int KeptAlive => Volatile.Read(ref _keptAlive);

    public Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default) =>
        Inner().ListAsync(prefix, cancellationToken);

    public Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) =>
        Inner().GetAsync(key, cancellationToken);

    public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
        Inner().PutAsync(key, value, lease, cancellationToken);

    public Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default) =>
        Inner().DeleteAsync(key, prefix, cancellationToken);

    public Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default) =>
        Inner().TxnAsync(txn, cancellationToken);

    public IAsyncEnumerable<WatchBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default) =>
        Inner().WatchAsync(prefix, fromRevision, cancellationToken);

    public Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        Inner().GrantAsync(timeToLive, cancellationToken);

    public async Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default)
    {
        var left = await Inner().KeepAliveAsync(lease, cancellationToken);
        Interlocked.Increment(ref _keptAlive);
        return left;
    }

    public Task RevokeAsync(long lease, CancellationToken cancellationToken = default) =>
        Inner().RevokeAsync(lease, cancellationToken);

    public Task CompactAsync(long revision, CancellationToken cancellationToken = default) =>
        Inner().CompactAsync(revision, cancellationToken);

    private IRegistry Inner()
    {
        if (!_away)
        {
            return inner;
        }

        Interlocked.Increment(ref _refused);
        throw new RegistryException(RegistryError.Away, "No endpoint answers.");
    }
}
