using System.Runtime.CompilerServices;

namespace Fairway.Registry.Tests;

/// <summary>A registry that a test can take away.</summary>
public sealed class FaultyRegistry(IRegistry inner) : IRegistry
{
    private CancellationTokenSource _cut = new();

    /// <summary>Every call fails, and watches break.</summary>
    public bool IsAway { get; set; }

    public IRegistry Inner { get; set; } = inner;

    public long Connections { get; set; }

    public List<long> WatchedFrom { get; } = [];

    /// <summary>Breaks the watches that stand now.</summary>
    public void Cut()
    {
        var cut = Interlocked.Exchange(ref _cut, new CancellationTokenSource());
        cut.Cancel();
    }

    public async Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default) =>
        await Here().ListAsync(prefix, cancellationToken);

    public async Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) =>
        await Here().GetAsync(key, cancellationToken);

    public async Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
        await Here().PutAsync(key, value, lease, cancellationToken);

    public async Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default) =>
        await Here().DeleteAsync(key, prefix, cancellationToken);

    public async Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default) =>
        await Here().TxnAsync(txn, cancellationToken);

    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        WatchedFrom.Add(fromRevision);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token, cancellationToken);
        await using var batches = Here().WatchAsync(prefix, fromRevision, cut.Token).GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            try
            {
                if (!await batches.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new RegistryException(RegistryError.Away, "cut");
            }

            yield return batches.Current;
        }
    }

    public async Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        await Here().GrantAsync(timeToLive, cancellationToken);

    public async Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default) =>
        await Here().KeepAliveAsync(lease, cancellationToken);

    public async Task RevokeAsync(long lease, CancellationToken cancellationToken = default) =>
        await Here().RevokeAsync(lease, cancellationToken);

    public async Task CompactAsync(long revision, CancellationToken cancellationToken = default) =>
        await Here().CompactAsync(revision, cancellationToken);

    private IRegistry Here() => IsAway ? throw new RegistryException(RegistryError.Away, "away") : Inner;
}
