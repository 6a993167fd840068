using System.Threading.Channels;
using Fairway.Registry.Etcd.Protocol;

namespace Fairway.Registry.Memory;

/// <summary>
/// A position in the store's changes. Nothing is buffered for it: a reader pulls from the history when woken, and one that
/// falls behind the history is told so.
/// </summary>
internal sealed class StoreWatch(MvccStore store, KeyRange range, long next) : IDisposable
{
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public KeyRange Range { get; } = range;

    /// <summary>The first revision not yet looked at. Guarded by the store's lock.</summary>
    public long Next { get; set; } = next;

    /// <summary>Takes what has happened since the last call; null when nothing has. Whole revisions, in order.</summary>
    /// <exception cref="StoreException">The history it needs is compacted.</exception>
    public IReadOnlyList<Event>? Take() => store.Take(this);

    /// <summary>Waits until there may be something to take; false once disposed.</summary>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken) =>
        await _wake.Reader.WaitToReadAsync(cancellationToken) && _wake.Reader.TryRead(out _);

    public void Wake() => _wake.Writer.TryWrite(true);

    public void Dispose()
    {
        store.Remove(this);
        _wake.Writer.TryComplete();
    }
}
