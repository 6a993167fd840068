using System.Runtime.CompilerServices;
using Fairway.Registry;

namespace Fairway.Grains.Tests.Hosting;

/// <summary>A registry that can be away, and can be another one when it comes back.</summary>
internal sealed class GatedRegistry(IRegistry inner) : IRegistry
{
    private CancellationTokenSource _cut = new();
    private volatile IRegistry _inner = inner;
    private volatile bool _away;

    /// <summary>What the watcher reads through this gate; writing to it directly works while away.</summary>
    public IRegistry Inner => _inner;

    public void GoAway()
    {
        _away = true;
        _cut.Cancel();
    }

    public void ComeBack(IRegistry? other = null)
    {
        _inner = other ?? _inner;
        _cut = new CancellationTokenSource();
        _away = false;
    }

    public Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default) =>
        Open().ListAsync(prefix, cancellationToken);

    public Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) => Open().GetAsync(key, cancellationToken);

    public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
        Open().PutAsync(key, value, lease, cancellationToken);

    public Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default) =>
        Open().DeleteAsync(key, prefix, cancellationToken);

    public Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default) => Open().TxnAsync(txn, cancellationToken);

    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token, cancellationToken);
        await using var watch = Open().WatchAsync(prefix, fromRevision, both.Token).GetAsyncEnumerator(both.Token);
        while (await NextAsync(watch, cancellationToken))
        {
            yield return watch.Current;
        }
    }

    public Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        Open().GrantAsync(timeToLive, cancellationToken);

    public Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default) =>
        Open().KeepAliveAsync(lease, cancellationToken);

    public Task RevokeAsync(long lease, CancellationToken cancellationToken = default) => Open().RevokeAsync(lease, cancellationToken);

    public Task CompactAsync(long revision, CancellationToken cancellationToken = default) => Open().CompactAsync(revision, cancellationToken);

    private static async Task<bool> NextAsync(IAsyncEnumerator<WatchBatch> watch, CancellationToken cancellationToken)
    {
        try
        {
            return await watch.MoveNextAsync();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Gone();
        }
    }

    private static RegistryException Gone() => new(RegistryError.Away, "The registry is away.");

    private IRegistry Open() => _away ? throw Gone() : _inner;
}
