using Google.Protobuf;

namespace Fairway.Registry;

/// <summary>A key with its value and etcd's bookkeeping.</summary>
/// <param name="Lease">The lease it hangs on; 0 for none.</param>
public readonly record struct RegistryEntry(string Key, ByteString Value, long CreateRevision, long ModRevision, long Version, long Lease);

/// <summary>All entries under a prefix at one revision.</summary>
/// <param name="ClusterId">Tells a restored or replaced cluster from the one read before.</param>
public sealed record RegistryListing(long Revision, ulong ClusterId, IReadOnlyList<RegistryEntry> Entries);

/// <summary>One change. For a delete <see cref="RegistryEntry.Value"/> is empty.</summary>
public readonly record struct RegistryChange(bool IsDelete, RegistryEntry Entry);

/// <summary>What a watch delivers at once: changes up to a revision, or none (progress), which proves liveness only.</summary>
public sealed record WatchBatch(long Revision, IReadOnlyList<RegistryChange> Changes)
{
    /// <summary>Tells a restored or replaced cluster from the one read before.</summary>
    public ulong ClusterId { get; init; }
}

/// <summary>
/// The registry: a subset of etcd v3, served by etcd itself or by <see cref="Memory.MemoryRegistry"/>.
/// Every call throws <see cref="RegistryException"/> when the registry is away or refuses.
/// </summary>
public interface IRegistry
{
    /// <summary>
    /// How many connections were made. Where it grew, the registry may have been restored from a backup in between, and may lack
    /// what was written before. A registry in this process has none.
    /// </summary>
    long Connections => 0;

    /// <summary>Lists everything under <paramref name="prefix"/> at one revision, paging as needed.</summary>
    Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default);

    /// <summary>Reads one key; null when absent.</summary>
    Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Writes a key, on a lease unless <paramref name="lease"/> is 0. Returns the revision of the write.</summary>
    Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default);

    /// <summary>Deletes a key, or everything under it as a prefix. Returns the revision and how many went.</summary>
    Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default);

    /// <summary>Compares, then does all of one branch or all of the other, as one revision.</summary>
    Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default);

    /// <summary>
    /// Follows <paramref name="prefix"/> from <paramref name="fromRevision"/> on (0: from now on). The first batch is empty: the watch
    /// stands, and this is the registry's revision now; one below what was seen before tells a restored cluster. Ends in
    /// <see cref="RegistryException"/>: <see cref="RegistryError.Compacted"/> when history is gone, <see cref="RegistryError.Away"/> when the stream breaks.
    /// </summary>
    IAsyncEnumerable<WatchBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default);

    /// <summary>Grants a lease of <paramref name="timeToLive"/> (whole seconds). Keeping it alive is the caller's.</summary>
    Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default);

    /// <summary>Renews once. Returns the time left, or null when the lease is gone.</summary>
    Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default);

    /// <summary>Ends a lease and deletes its keys.</summary>
    Task RevokeAsync(long lease, CancellationToken cancellationToken = default);

    /// <summary>Drops history older than <paramref name="revision"/>.</summary>
    Task CompactAsync(long revision, CancellationToken cancellationToken = default);
}
