using System.Collections.Concurrent;

namespace Fairway.LocalSilo.Tests;

/// <summary>What grains tell a test, and how a test holds them at a point: by name, shared by the host.</summary>
internal sealed class Probe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentQueue<string> _events = new();

    public IReadOnlyList<string> Events => [.. _events];

    public void Note(string what)
    {
        _events.Enqueue(what);
        Of("noted " + what).TrySetResult();
    }

    /// <summary>Waits until a grain has noted this.</summary>
    public Task Noted(string what) => Of("noted " + what).Task.WaitAsync(Patience);

    /// <summary>Holds a grain until the test opens this gate.</summary>
    public Task Pass(string gate) => Of(gate).Task;

    public void Open(string gate) => Of(gate).TrySetResult();

    /// <summary>Waits for something that shows only by asking.</summary>
    public static async Task Until(Func<bool> holds)
    {
        var end = DateTime.UtcNow + Patience;
        while (!holds())
        {
            Assert.True(DateTime.UtcNow < end, "waited too long");
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System); // leaves the processor to what is waited for
        }
    }

    private TaskCompletionSource Of(string name) =>
        _gates.GetOrAdd(name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
