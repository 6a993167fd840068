using System.Collections.Concurrent;
using Fairway.Grains;

namespace Fairway.Silo.Inspection;

/// <summary>Calls a second by grain class, over the last whole <see cref="WindowSeconds"/> seconds.</summary>
public sealed class CallRates(GrainClock clock)
{
    public const int WindowSeconds = 5;

    private readonly ConcurrentDictionary<Type, Ring> _rings = new();

    public void Count(Type grainClass) => _rings.GetOrAdd(grainClass, static _ => new Ring()).Count(Second());

    /// <summary>By class name without namespace.</summary>
    public IReadOnlyDictionary<string, double> Read()
    {
        var now = Second();
        return _rings.GroupBy(entry => entry.Key.Name, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Sum(entry => entry.Value.Sum(now)) / (double)WindowSeconds, StringComparer.Ordinal);
    }

    private long Second() => clock.Time.GetTimestamp() / clock.Time.TimestampFrequency;

    private sealed class Ring
    {
        /// <summary>The running second beside the whole ones.</summary>
        private const int Slots = WindowSeconds + 1;

        private readonly Lock _gate = new();
        private readonly long[] _seconds = new long[Slots];
        private readonly long[] _counts = new long[Slots];

        public void Count(long second)
        {
            lock (_gate)
            {
                var slot = (int)(second % Slots);
                if (_seconds[slot] != second)
                {
                    _seconds[slot] = second;
                    _counts[slot] = 0;
                }

                _counts[slot]++;
            }
        }

        public long Sum(long now)
        {
            lock (_gate)
            {
                var sum = 0L;
                for (var slot = 0; slot < Slots; slot++)
                {
                    sum += _seconds[slot] < now && _seconds[slot] >= now - WindowSeconds ? _counts[slot] : 0;
                }

                return sum;
            }
        }
    }
}

internal sealed class CallRateFilter(CallRates rates) : IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is { } grain)
        {
            rates.Count(grain.GetType());
        }

        return context.Invoke();
    }
}
