using Orleans.Runtime;

namespace Fairway.LocalSilo;

internal sealed partial class Activation
{
    /// <exception cref="InvalidOperationException">Called outside the turns of this activation.</exception>
    public GrainTimer<TState> AddTimer<TState>(Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        if (!ReferenceEquals(Current, this))
        {
            throw new InvalidOperationException($"A timer of {GrainId} can be registered only within its own turns.");
        }

        var timer = new GrainTimer<TState>(this, callback, state, options);
        lock (Gate)
        {
            (_timers ??= []).Add(timer);
        }

        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    public void Forget(IDisposable timer)
    {
        lock (Gate)
        {
            _timers?.Remove(timer);
        }
    }

    private void StopTimers()
    {
        IDisposable[] timers;
        lock (Gate)
        {
            timers = _timers is null ? [] : [.. _timers];
        }

        Array.ForEach(timers, timer => timer.Dispose());
    }
}
