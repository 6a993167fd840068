using System.Runtime.CompilerServices;
using Fairway.Registry;

namespace Fairway.Exporter.Tests.Hosting;

/// <summary>A registry as one client sees it: it can be away for that client while the rest goes on.</summary>
internal sealed class FaultyRegistry(IRegistry inner) : IRegistry
{
    private CancellationTokenSource _away = new();

    public bool IsAway { get; private set; }

    /// <summary>Calls fail and watches break.</summary>
    public void GoAway()
    {
        IsAway = true;
        _away.Cancel();
    }

    public void ComeBack()
    {
        _away = new CancellationTokenSource();
        IsAway = false;
    }

    public Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default) =>
        There(() => inner.ListAsync(prefix, cancellationToken));

    public Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) =>
        There(() => inner.GetAsync(key, cancellationToken));

    public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
        There(() => inner.PutAsync(key, value, lease, cancellationToken));

    public Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default) =>
        There(() => inner.DeleteAsync(key, prefix, cancellationToken));

    public Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default) =>
        There(() => inner.TxnAsync(txn, cancellationToken));

    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await There(() => Task.FromResult(0));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_away.Token, cancellationToken);
        await using var batches = inner.WatchAsync(prefix, fromRevision, either.Token).GetAsyncEnumerator(CancellationToken.None);
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
                throw Away();
            }

            yield return batches.Current;
        }
    }

    public Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        There(() => inner.GrantAsync(timeToLive, cancellationToken));

    public Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default) =>
        There(() => inner.KeepAliveAsync(lease, cancellationToken));

    public Task RevokeAsync(long lease, CancellationToken cancellationToken = default) =>
        There(async () =>
        {
            await inner.RevokeAsync(lease, cancellationToken);
            return 0;
        });

    public Task CompactAsync(long revision, CancellationToken cancellationToken = default) =>
        There(async () =>
        {
            await inner.CompactAsync(revision, cancellationToken);
            return 0;
        });

    private static RegistryException Away() => new(RegistryError.Away, "away, as the test says");

    private async Task<T> There<T>(Func<Task<T>> call) => IsAway ? throw Away() : await call();
}
