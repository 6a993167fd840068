using System.Runtime.CompilerServices;
using Fairway.Registry.Etcd;
using Fairway.Registry.Etcd.Protocol;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Memory;

/// <summary>
/// The embedded registry: etcd's data model in the memory of one process, gone with it. <see cref="MemoryRegistryServer"/>
/// lets other processes use it as they would use etcd.
/// </summary>
public sealed class MemoryRegistry : IRegistry, IDisposable
{
    private readonly MvccStore _store;

    public MemoryRegistry(IOptions<MemoryRegistryOptions>? options = null, TimeProvider? time = null)
    {
        var bounds = options?.Value ?? new MemoryRegistryOptions();
        _store = new MvccStore(bounds, time ?? TimeProvider.System);
        Kv = new EtcdKv(_store);
        Leases = new EtcdLeases(_store, bounds);
    }

    /// <summary>Made up at construction, unless said: a new registry is another cluster.</summary>
    public ulong ClusterId { get; init; } = (ulong)Random.Shared.NextInt64(1, long.MaxValue);

    /// <summary>The revision of the last write.</summary>
    public long Revision => _store.Read(store => store.Revision);

    internal EtcdKv Kv { get; }

    internal EtcdLeases Leases { get; }

    internal MvccStore Store => _store;

    public Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default) => Run(
        () =>
        {
            var response = Kv.Range(EtcdMessages.Page(prefix, limit: 0));
            return new RegistryListing(response.Header.Revision, ClusterId, EtcdMessages.Entries(response.Kvs));
        },
        cancellationToken);

    public Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) => Run(
        () => EtcdMessages.Single(Kv.Range(EtcdMessages.Get(key))), cancellationToken);

    public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
        Run(() => Kv.Put(EtcdMessages.Put(key, value, lease)).Header.Revision, cancellationToken);

    public Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default) => Run(
        () =>
        {
            var response = Kv.DeleteRange(EtcdMessages.Delete(key, prefix));
            return (response.Header.Revision, response.Deleted);
        },
        cancellationToken);

    public Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default) => Run(
        () =>
        {
            var response = Kv.Txn(EtcdMessages.Txn(txn));
            return new TxnResult(response.Succeeded, response.Header.Revision);
        },
        cancellationToken);

    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var watch = _store.Watch(EtcdMessages.PrefixRange(prefix), fromRevision);
        yield return new WatchBatch(Revision, []) { ClusterId = ClusterId };
        while (true)
        {
            await watch.WaitAsync(cancellationToken);
            if (Translate(watch.Take) is { } taken)
            {
                yield return EtcdMessages.Batch(taken, ClusterId);
            }
        }
    }

    public Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        Run(() => Leases.Grant(EtcdMessages.Grant(timeToLive)).ID, cancellationToken);

    public Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default) =>
        Run(() => EtcdMessages.TimeLeft(Leases.KeepAlive(new LeaseKeepAliveRequest { ID = lease })), cancellationToken);

    public Task RevokeAsync(long lease, CancellationToken cancellationToken = default) =>
        Run(() => Leases.Revoke(new LeaseRevokeRequest { ID = lease }), cancellationToken);

    public Task CompactAsync(long revision, CancellationToken cancellationToken = default) =>
        Run(() => Kv.Compact(new CompactionRequest { Revision = revision }), cancellationToken);

    public void Dispose() => _store.Dispose();

    private static Task<T> Run<T>(Func<T> call, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        try
        {
            return Task.FromResult(Translate(call));
        }
        catch (RegistryException e)
        {
            return Task.FromException<T>(e);
        }
    }

    private static T Translate<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (StoreException e)
        {
            throw EtcdErrors.Translate(e.Status, e.Message, e.CompactRevision, e);
        }
    }
}
