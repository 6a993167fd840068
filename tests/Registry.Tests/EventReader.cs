namespace Fairway.Registry.Tests;

/// <summary>Reads a <see cref="RegistryWatcher"/> with bounded patience.</summary>
public sealed class EventReader(IAsyncEnumerable<RegistryEvent> events) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly IAsyncEnumerator<RegistryEvent> _events = events.GetAsyncEnumerator();
    private Task<bool>? _pending;

    public async Task<RegistryEvent> NextAsync()
    {
        _pending ??= _events.MoveNextAsync().AsTask();
        Assert.True(await _pending.WaitAsync(Patience, TimeProvider.System));
        _pending = null;
        return _events.Current;
    }

    public async Task<T> NextAsync<T>()
        where T : RegistryEvent => Assert.IsType<T>(await NextAsync());

    /// <summary>The next event of that kind, whatever comes before it.</summary>
    public async Task<T> SkipToAsync<T>(Func<T, bool>? condition = null)
        where T : RegistryEvent
    {
        while (true)
        {
            if (await NextAsync() is T found && condition?.Invoke(found) != false)
            {
                return found;
            }
        }
    }

    /// <summary>The keys of so many changes; only changes and progress may come until then.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync(int count)
    {
        var keys = new List<string>();
        while (keys.Count < count)
        {
            keys.AddRange((await NextAsync<RegistryEvent.Changed>()).Batch.Changes.Select(change => change.Entry.Key));
        }

        return keys;
    }

    public async ValueTask DisposeAsync()
    {
        if (_pending is null or { IsCompleted: true })
        {
            await _events.DisposeAsync();
        }
    }
}
