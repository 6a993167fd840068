using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Fairway.Registry.Tests;

/// <summary>Lists as the registry within, and says on watches what a test makes it say.</summary>
public sealed class ScriptedWatchRegistry(IRegistry inner) : IRegistry
{
    private readonly Channel<WatchBatch?> _script = Channel.CreateUnbounded<WatchBatch?>();

    public List<long> WatchedFrom { get; } = [];

    public void Say(WatchBatch batch) => _script.Writer.TryWrite(batch);

    public void Break() => _script.Writer.TryWrite(null);

    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        WatchedFrom.Add(fromRevision);
        while (true)
        {
            yield return await _script.Reader.ReadAsync(cancellationToken) ?? throw new RegistryException(RegistryError.Away, "broken");
        }
    }

    public Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default) => inner.ListAsync(prefix, cancellationToken);

    public Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task RevokeAsync(long lease, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task CompactAsync(long revision, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
