using Fairway.Core.Time;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>
/// One timer of a grain. A tick is queued like a call; the next is due a period after the last one ended, so ticks neither
/// overlap nor pile up. It flows nothing in.
/// </summary>
internal sealed class GrainTimer<TState> : WorkItem, IGrainTimer
{
    private const double MaxMilliseconds = 0xfffffffe;

    private readonly Activation _activation;
    private readonly Func<TState, CancellationToken, Task> _callback;
    private readonly TState _state;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private TimeSpan _dueTime;
    private long _changedAt;
    private TimeSpan _period;
    private bool _firing;
    private bool _changed;
    private Task? _running;

    public GrainTimer(Activation activation, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        Check(options.DueTime);
        Check(options.Period);
        _activation = activation;
        _callback = callback;
        _state = state;
        _options = options;
        _timer = Timers.CreateTimer(
            static timer => ((GrainTimer<TState>)timer!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private SharedTimers Timers => _activation.Silo.GrainTimers;

    public override bool AlwaysInterleave => _options.Interleave;

    public override bool LocalOnly => true;

    public override bool KeepsAlive => _options.KeepAlive;

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime);
        Check(period);
        lock (_gate)
        {
            _dueTime = dueTime;
            _period = period;
            _changed = true;
            if (_firing)
            {
                _changedAt = Timers.GetTimestamp(); // takes effect when the tick has ended
                return;
            }
        }

        _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _stopped.Cancel();
        _timer.Dispose();
        _activation.Forget(this);
    }

    public override void Run(CallTarget target)
    {
        lock (_gate)
        {
            _changed = false;
        }

        try
        {
            _running = _callback(_state, _stopped.Token);
            if (!_running.IsCompleted)
            {
                _running.GetAwaiter().UnsafeOnCompleted(End);
                return;
            }
        }
        catch (Exception thrown)
        {
            _running = Task.FromException(thrown);
        }

        End();
    }

    public override void Reject(Exception reason)
    {
    }

    private static void Check(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan((long)time.TotalMilliseconds, -1, nameof(time));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time.TotalMilliseconds, MaxMilliseconds, nameof(time));
    }

    private TimeSpan LeftOfDueTime()
    {
        var passed = Timers.GetElapsedTime(_changedAt);
        return _dueTime < TimeSpan.Zero ? _dueTime : passed < _dueTime ? _dueTime - passed : TimeSpan.Zero;
    }

    private void Fire()
    {
        lock (_gate)
        {
            if (_firing)
            {
                return;
            }

            _firing = true;
        }

        _activation.TryTake(this);
    }

    private void End()
    {
        if (_running!.Exception is { } failed)
        {
            Log.TimerThrew(_activation.Silo.Logger, _activation.GrainId, failed.InnerException!);
        }

        _running = null;
        _activation.Ended(this);
        TimeSpan next;
        lock (_gate)
        {
            // Only now may it fire again: until here this item stood in the activation's lists.
            _firing = false;
            next = _changed ? LeftOfDueTime() : _period;
        }

        if (!_stopped.IsCancellationRequested)
        {
            _timer.Change(next, Timeout.InfiniteTimeSpan);
        }
    }
}
