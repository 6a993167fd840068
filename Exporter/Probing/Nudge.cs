namespace Fairway.Exporter.Probing;

/// <summary>A wait that something else may cut short. One waiter; a nudge while nobody waits ends the next wait at once.</summary>
internal sealed class Nudge(TimeProvider time)
{
    private TaskCompletionSource _signal = New();

    public void Set() => Volatile.Read(ref _signal).TrySetResult();

    /// <summary>Returns after the delay, a nudge or a cancellation, whichever is first; throws nothing.</summary>
    public async Task WaitAsync(TimeSpan delay, CancellationToken ct)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var signal = Volatile.Read(ref _signal).Task;
        await Task.WhenAny(signal, Task.Delay(delay, time, timer.Token));
        await timer.CancelAsync();
        if (signal.IsCompleted)
        {
            Volatile.Write(ref _signal, New());
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
