namespace Fairway.Testing;

/// <summary>
/// A <see cref="TimeProvider"/> that stands still until a test moves it. Timers fire inside
/// <see cref="Advance"/>, in order of their due times, on the caller's thread.
/// </summary>
public sealed class ManualClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<ManualTimer, (long Due, long Order)> _timers = new();
    private readonly DateTimeOffset _start;
    private long _now;
    private long _order;

    public ManualClock(DateTimeOffset? start = null) =>
        _start = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How many timers wait for their due time.</summary>
    public int PendingTimers
    {
        get
        {
            lock (_gate)
            {
                return _timers.UnorderedItems.Count(entry => entry.Element.IsArmed(entry.Priority.Order));
            }
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => _start.AddTicks(Interlocked.Read(ref _now));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves time forward, firing every timer that falls due on the way at its own instant.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var target = Interlocked.Read(ref _now) + by.Ticks;
        while (NextDue(target) is { } timer)
        {
            timer.Fire();
        }

        Interlocked.Exchange(ref _now, target);
    }

    private ManualTimer? NextDue(long target)
    {
        lock (_gate)
        {
            while (_timers.TryPeek(out var timer, out var at) && at.Due <= target)
            {
                _timers.Dequeue();
                if (!timer.IsArmed(at.Order))
                {
                    continue; // changed or disposed since it was queued
                }

                if (at.Due > _now)
                {
                    Interlocked.Exchange(ref _now, at.Due);
                }

                timer.Rearm(at.Due);
                return timer;
            }

            return null;
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private const long Disarmed = -1;
        private long _armed = Disarmed;
        private long _period;
        private bool _disposed;

        public bool IsArmed(long order) => _armed == order;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                if (_disposed)
                {
                    return false;
                }

                _period = period == Timeout.InfiniteTimeSpan || period <= TimeSpan.Zero ? 0 : period.Ticks;
                _armed = Disarmed;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Arm(clock._now + Math.Max(0, dueTime.Ticks));
                }

                return true;
            }
        }

        public void Rearm(long due)
        {
            _armed = Disarmed;
            if (_period > 0)
            {
                Arm(due + _period);
            }
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (clock._gate)
            {
                _disposed = true;
                _armed = Disarmed;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(long due)
        {
            _armed = ++clock._order;
            clock._timers.Enqueue(this, (due, _armed));
        }
    }
}
