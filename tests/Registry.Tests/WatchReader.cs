namespace Fairway.Registry.Tests;

/// <summary>Reads a watch with bounded patience.</summary>
public sealed class WatchReader(IAsyncEnumerable<WatchBatch> watch, TimeSpan patience) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<WatchBatch> _batches = watch.GetAsyncEnumerator();
    private Task<bool>? _pending;

    public async Task<WatchBatch> NextAsync()
    {
        _pending ??= _batches.MoveNextAsync().AsTask();
        var more = await _pending.WaitAsync(patience, TimeProvider.System);
        _pending = null;
        return more ? _batches.Current : throw new InvalidOperationException("The watch ended.");
    }

    /// <summary>The next batch that is not progress.</summary>
    public async Task<WatchBatch> NextChangedAsync()
    {
        WatchBatch batch;
        do
        {
            batch = await NextAsync();
        }
        while (batch.Changes.Count == 0);
        return batch;
    }

    /// <summary>So many changes, over as many batches as they come in.</summary>
    public async Task<IReadOnlyList<RegistryChange>> ChangesAsync(int count)
    {
        var changes = new List<RegistryChange>();
        while (changes.Count < count)
        {
            changes.AddRange((await NextChangedAsync()).Changes);
        }

        return changes;
    }

    public async ValueTask DisposeAsync()
    {
        if (_pending is null)
        {
            await _batches.DisposeAsync();
        }
    }
}
