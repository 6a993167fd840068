namespace Fairway.Grains.Tests.Faults;

/// <summary>Runs what is posted to it on one thread, in order, when told to: the same seed makes the same run.</summary>
internal sealed class TurnPump : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _turns = new();

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_turns)
        {
            _turns.Enqueue((d, state));
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    /// <summary>Does something and all that comes of it.</summary>
    public void Run(Action action)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            action();
            while (Next() is { } turn)
            {
                turn.Callback(turn.State);
            }
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    private (SendOrPostCallback Callback, object? State)? Next()
    {
        lock (_turns)
        {
            return _turns.TryDequeue(out var turn) ? turn : null;
        }
    }
}
