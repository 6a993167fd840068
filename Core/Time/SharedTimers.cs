namespace Fairway.Core.Time;

/// <summary>
/// Many timers behind one timer of another clock. The runtime walks through all of its timers a few times a second, however far off they
/// are; here only those whose time has come are touched, so that tens of thousands that mostly never fire cost next to nothing.
/// Putting a timer off, or stopping it, leaves its place in the queue as it is: it is looked at again when that place comes.
/// Callbacks run one after the other on the thread of the other clock's timer, so they must be short, and nothing flows into them.
/// </summary>
public sealed class SharedTimers : TimeProvider, IDisposable
{
    private const long Never = long.MaxValue;

    /// <summary>Below so many places, those that no timer waits for do not matter.</summary>
    private const int FewPlaces = 64;

    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<SharedTimer, long> _places = new();
    private readonly ITimer _wake;
    private long _wakesAt = Never;
    private int _stale;

    /// <param name="clock">What tells the time and wakes.</param>
    public SharedTimers(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        using (ExecutionContext.IsFlowSuppressed() ? default(IDisposable) : ExecutionContext.SuppressFlow())
        {
            _wake = clock.CreateTimer(static timers => ((SharedTimers)timers!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    public override TimeZoneInfo LocalTimeZone => _clock.LocalTimeZone;

    public override long TimestampFrequency => _clock.TimestampFrequency;

    /// <summary>How many places the queue has, those that no timer waits for among them.</summary>
    public int Places
    {
        get
        {
            lock (_gate)
            {
                return _places.Count;
            }
        }
    }

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new SharedTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>No timer of these fires any more.</summary>
    public void Dispose() => _wake.Dispose();

    private static long Check(TimeSpan span, string name)
    {
        var milliseconds = (long)span.TotalMilliseconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, -1, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, 0xfffffffe, name);
        return milliseconds;
    }

    private bool Change(SharedTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        var due = Check(dueTime, nameof(dueTime)) < 0 ? Never : _clock.GetTimestamp() + Stamps(dueTime);
        var every = Check(period, nameof(period)) <= 0 ? 0 : Stamps(period);
        lock (_gate)
        {
            if (timer.Call is null)
            {
                return false;
            }

            (timer.Due, timer.Period) = (due, every);
            if (due < timer.Place)
            {
                Leave(timer);
                Queue(timer);
                WakeUpAt(due);
            }

            return true;
        }
    }

    private void Remove(SharedTimer timer)
    {
        lock (_gate)
        {
            if (timer.Call is null)
            {
                return;
            }

            timer.End();
            Leave(timer);
        }
    }

    /// <summary>A place that a timer no longer waits for goes when its time comes, or with all like it once they are the most.</summary>
    private void Leave(SharedTimer timer)
    {
        if (timer.Place == Never)
        {
            return;
        }

        timer.Place = Never;
        if (++_stale > FewPlaces && _stale > _places.Count / 2)
        {
            var held = _places.UnorderedItems.Where(item => item.Element.Place == item.Priority).ToArray();
            _places.Clear();
            _places.EnqueueRange(held);
            _places.TrimExcess();
            _stale = 0;
        }
    }

    private void Fire()
    {
        List<(TimerCallback Callback, object? State)> due = [];
        lock (_gate)
        {
            _wakesAt = Never;
            var now = _clock.GetTimestamp();
            while (_places.TryPeek(out var timer, out var place) && place <= now)
            {
                _places.Dequeue();
                if (timer.Place != place)
                {
                    _stale = Math.Max(0, _stale - 1);
                    continue;
                }

                timer.Place = Never;
                if (timer.Due <= now)
                {
                    due.Add(timer.Call!.Value);
                    timer.Due = timer.Period == 0 ? Never : now + timer.Period;
                }

                if (timer.Due != Never)
                {
                    Queue(timer);
                }
            }

            if (_places.Capacity > FewPlaces && _places.Count < _places.Capacity / 4)
            {
                _places.TrimExcess(); // of a burst that is over
            }

            if (_places.TryPeek(out _, out var next))
            {
                WakeUpAt(next);
            }
        }

        foreach (var (callback, state) in due)
        {
            callback(state);
        }
    }

    private void Queue(SharedTimer timer)
    {
        timer.Place = timer.Due;
        _places.Enqueue(timer, timer.Place);
    }

    private void WakeUpAt(long due)
    {
        if (due < _wakesAt)
        {
            _wakesAt = due;
            var left = Math.Max(0, due - _clock.GetTimestamp());
            _wake.Change(TimeSpan.FromTicks((long)Math.Ceiling((double)left * TimeSpan.TicksPerSecond / _clock.TimestampFrequency)), Timeout.InfiniteTimeSpan);
        }
    }

    private long Stamps(TimeSpan span) => (long)(span.TotalSeconds * _clock.TimestampFrequency);

    /// <summary>Times are timestamps; everything under the lock of the owner.</summary>
    private sealed class SharedTimer(SharedTimers owner, TimerCallback callback, object? state) : ITimer
    {
        /// <summary>What it calls; null once it is disposed.</summary>
        public (TimerCallback Callback, object? State)? Call { get; private set; } = (callback, state);

        public long Due { get; set; } = Never;

        public long Period { get; set; }

        /// <summary>Where it stands in the queue, at its time or before; <see cref="Never"/>: it does not.</summary>
        public long Place { get; set; } = Never;

        public bool Change(TimeSpan dueTime, TimeSpan period) => owner.Change(this, dueTime, period);

        /// <summary>What it would have called is let go of at once.</summary>
        public void End() => Call = null;

        public void Dispose() => owner.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
