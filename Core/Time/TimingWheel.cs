namespace Fairway.Core.Time;

/// <summary>
/// A hashed timing wheel with unsorted lists in its slots: to schedule and to cancel is O(1), to advance is O(1) a tick
/// and entry met. Scheme 6 of G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels: Data Structures for the
/// Efficient Implementation of a Timer Facility", SOSP 1987.
/// It has no clock: timestamps are those of <see cref="TimeProvider.GetTimestamp"/>, given by the caller, whose ticks drive it.
/// Not thread-safe.
/// </summary>
/// <typeparam name="T">What is handed back when an entry is due.</typeparam>
public sealed class TimingWheel<T>
{
    private readonly Entry?[] _slots;
    private readonly long _perTick;
    private readonly long _start;
    private long _tick;

    /// <param name="frequency">Timestamps a second: <see cref="TimeProvider.TimestampFrequency"/>.</param>
    /// <param name="start">The timestamp of now.</param>
    /// <param name="tick">The resolution: an entry is due at the first tick at or after its time, never before.</param>
    /// <param name="slots">How many ticks one turn of the wheel has; entries further off wait for later turns.</param>
    /// <exception cref="ArgumentOutOfRangeException">A tick or a number of slots that is not positive, or a tick below the resolution of the timestamps.</exception>
    public TimingWheel(long frequency, long start, TimeSpan tick, int slots = 512)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(frequency);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(tick, TimeSpan.Zero);
        _perTick = (long)(tick.TotalSeconds * frequency);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_perTick, nameof(tick));
        _start = start;
        _slots = new Entry?[slots];
    }

    /// <summary>How many entries wait.</summary>
    public int Count { get; private set; }

    /// <summary>Has <paramref name="item"/> handed back by the first advance to or past <paramref name="due"/>, a timestamp; one that is past is due at the next tick.</summary>
    public Entry Schedule(T item, long due)
    {
        var ticks = due <= _start ? 0 : ((due - _start - 1) / _perTick) + 1;
        var entry = new Entry(this, item, Math.Max(ticks, _tick + 1));
        ref var head = ref _slots[entry.DueTick % _slots.Length];
        entry.Next = head;
        head?.Previous = entry;
        head = entry;
        Count++;
        return entry;
    }

    /// <summary>
    /// Moves the wheel to <paramref name="now"/>, a timestamp, and appends what fell due to <paramref name="due"/>, tick by tick;
    /// within a tick, and where a whole turn was missed, in no order. A time earlier than before changes nothing.
    /// </summary>
    public void Advance(long now, ICollection<T> due)
    {
        ArgumentNullException.ThrowIfNull(due);
        var target = (now - _start) / _perTick;
        if (target - _tick > _slots.Length)
        {
            _tick = target - _slots.Length; // one visit to each slot finds all
        }

        while (_tick < target)
        {
            _tick++;
            for (var entry = _slots[_tick % _slots.Length]; entry is not null;)
            {
                var next = entry.Next;
                if (entry.DueTick <= _tick)
                {
                    Remove(entry);
                    due.Add(entry.Item);
                }

                entry = next;
            }
        }
    }

    private void Remove(Entry entry)
    {
        if (entry.Previous is { } previous)
        {
            previous.Next = entry.Next;
        }
        else
        {
            _slots[entry.DueTick % _slots.Length] = entry.Next;
        }

        entry.Next?.Previous = entry.Previous;
        entry.Wheel = null;
        entry.Next = entry.Previous = null;
        Count--;
    }

    /// <summary>One scheduled item.</summary>
    public sealed class Entry
    {
        internal Entry(TimingWheel<T> wheel, T item, long dueTick)
        {
            Wheel = wheel;
            Item = item;
            DueTick = dueTick;
        }

        public T Item { get; }

        internal TimingWheel<T>? Wheel { get; set; }

        internal long DueTick { get; }

        internal Entry? Next { get; set; }

        internal Entry? Previous { get; set; }

        /// <summary>Takes the item back; false if it was handed back or cancelled before.</summary>
        public bool Cancel()
        {
            if (Wheel is not { } wheel)
            {
                return false;
            }

            wheel.Remove(this);
            return true;
        }
    }
}
