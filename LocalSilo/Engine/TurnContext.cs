namespace Fairway.LocalSilo;

/// <summary>
/// Brings what a turn awaits back to its activation. The scheduler alone would do that too, at the price of a task for each
/// await; this one queues the continuation itself.
/// </summary>
internal sealed class TurnContext(TurnScheduler scheduler) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => scheduler.Post(d, state);

    /// <exception cref="NotSupportedException">Called from outside the activation, which must not be waited for.</exception>
    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!scheduler.IsRunningHere)
        {
            throw new NotSupportedException("A grain is called, not waited for.");
        }

        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;
}
