using System.Threading.Tasks.Sources;

namespace Fairway.Gateway.Streams;

/// <summary>Wakes one waiter, without an allocation a turn. What is set while nobody waits is kept, once.</summary>
internal sealed class Signal : IValueTaskSource
{
    private const int Idle = 0;
    private const int IsSet = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    /// <param name="here">Whether the waiter may go on within this call, on the caller's thread; the caller holds no lock then.</param>
    public void Set(bool here = false)
    {
        if (Interlocked.Exchange(ref _state, IsSet) == Waiting)
        {
            _core.RunContinuationsAsynchronously = !here; // of those who set it, one alone finds it waiting
            _core.SetResult(true);
        }
    }

    /// <summary>One waiter at a time.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == IsSet)
        {
            Volatile.Write(ref _state, Idle);
            return ValueTask.CompletedTask;
        }

        return new ValueTask(this, _core.Version);
    }

    public void GetResult(short token)
    {
        _core.GetResult(token);
        Volatile.Write(ref _state, Idle);
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
