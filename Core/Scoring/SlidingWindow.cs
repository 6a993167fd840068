using System.Runtime.CompilerServices;

namespace Fairway.Core.Scoring;

/// <summary>
/// The last few seconds of one instance's load: a ring of buckets, each a running sum. Adding is O(1), a
/// snapshot one pass over the buckets, neither allocates. Not thread-safe.
/// </summary>
public sealed class SlidingWindow
{
    private const int Figures = 6;
    private const long Empty = long.MinValue;

    private readonly Bucket[] _buckets;
    private readonly double[] _weights;
    private readonly long _span;
    private long _newest = Empty;

    public SlidingWindow(WindowOptions? options = null)
    {
        options ??= WindowOptions.Default;
        options.Validate();
        _span = options.BucketSpan.Ticks;
        _buckets = new Bucket[options.Buckets];
        _weights = new double[options.Buckets];
        for (var age = 0; age < _weights.Length; age++)
        {
            _weights[age] = Math.Pow(0.5, age * options.BucketSpan / options.HalfLife);
        }

        Clear();
    }

    /// <summary>Adds a sample taken at <paramref name="at"/> on the monotonic clock. One older than the window is dropped.</summary>
    public void Add(in LoadSample sample, TimeSpan at)
    {
        var index = Index(at.Ticks);
        if (_newest != Empty && index <= Index(_newest) - _buckets.Length)
        {
            return;
        }

        _newest = Math.Max(_newest, at.Ticks);
        ref var bucket = ref _buckets[Slot(index)];
        if (bucket.Index != index)
        {
            bucket = default;
            bucket.Index = index;
        }

        bucket.Samples++;
        Accumulate(ref bucket, 0, sample.Cpu);
        Accumulate(ref bucket, 1, sample.MemoryGib);
        Accumulate(ref bucket, 2, sample.InFlight);
        Accumulate(ref bucket, 3, sample.LatencyMs);
        Accumulate(ref bucket, 4, sample.Rps);
        Accumulate(ref bucket, 5, sample.ErrorRate);
    }

    /// <summary>The means as of <paramref name="now"/> on the monotonic clock.</summary>
    public WindowSnapshot Snapshot(TimeSpan now)
    {
        if (_newest == Empty)
        {
            return new WindowSnapshot(new LoadSample(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN), 0, null);
        }

        Sums sums = default;
        Sums counts = default;
        var samples = 0;
        var current = Index(now.Ticks);
        foreach (ref var bucket in _buckets.AsSpan())
        {
            if (bucket.Index == Empty || current - bucket.Index >= _buckets.Length)
            {
                continue;
            }

            var weight = _weights[Math.Max(0, current - bucket.Index)];
            samples += bucket.Samples;
            for (var figure = 0; figure < Figures; figure++)
            {
                sums[figure] += weight * bucket.Sums[figure];
                counts[figure] += weight * bucket.Counts[figure];
            }
        }

        // 0/0 is NaN: a figure that no sample had.
        var means = new LoadSample(
            sums[0] / counts[0], sums[1] / counts[1], sums[2] / counts[2], sums[3] / counts[3], sums[4] / counts[4], sums[5] / counts[5]);
        return new WindowSnapshot(means, samples, TimeSpan.FromTicks(Math.Max(0, now.Ticks - _newest)));
    }

    /// <summary>Forgets everything, as for a new process under an old name.</summary>
    public void Clear()
    {
        _newest = Empty;
        foreach (ref var bucket in _buckets.AsSpan())
        {
            bucket = default;
            bucket.Index = Empty;
        }
    }

    private static void Accumulate(ref Bucket bucket, int figure, double value)
    {
        if (!double.IsNaN(value))
        {
            bucket.Sums[figure] += value;
            bucket.Counts[figure]++;
        }
    }

    // Rounds down below zero too: a sample may be older than the clock's origin.
    private long Index(long ticks) => (ticks >= 0 ? ticks : ticks - _span + 1) / _span;

    private int Slot(long index) => (int)(((index % _buckets.Length) + _buckets.Length) % _buckets.Length);

    private struct Bucket
    {
        public long Index;
        public int Samples;
        public Sums Sums;
        public Sums Counts;
    }

    [InlineArray(Figures)]
    private struct Sums
    {
        private double _first;
    }
}
