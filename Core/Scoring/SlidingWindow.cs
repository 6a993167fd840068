namespace Fairway.Core.Scoring;

/// <summary>
/// The last few seconds of one instance's load: a ring of buckets, each a running sum. Adding is O(1), a
/// snapshot one pass over the buckets, neither allocates. Not thread-safe.
/// </summary>
public sealed class SlidingWindow
{
    private const long Empty = long.MinValue;

    private readonly Bucket[] _buckets;
    private readonly double[] _weights;
    private readonly long _span;
    private long _newest = Empty;

    // The bucket of the last sample: the next one mostly goes there too, and finding it by division costs more than all the rest.
    private long _lastStart;
    private long _lastSpan;
    private int _lastSlot;

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
        var ticks = at.Ticks;
        if ((ulong)(ticks - _lastStart) >= (ulong)_lastSpan && !TurnTo(ticks))
        {
            return;
        }

        if (ticks > _newest)
        {
            _newest = ticks;
        }

        ref var bucket = ref _buckets[_lastSlot];
        bucket.Samples++;
        bucket.Figures.Add(in sample);
    }

    /// <summary>The means as of <paramref name="now"/> on the monotonic clock.</summary>
    public WindowSnapshot Snapshot(TimeSpan now)
    {
        if (_newest == Empty)
        {
            return new WindowSnapshot(new LoadSample(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN), 0, null);
        }

        FigureSums.Weighted figures = default;
        var samples = 0;
        var current = (ulong)(now.Ticks - _lastStart) < (ulong)_lastSpan ? _buckets[_lastSlot].Index : Index(now.Ticks);
        foreach (ref var bucket in _buckets.AsSpan())
        {
            if (bucket.Index == Empty || current - bucket.Index >= _buckets.Length)
            {
                continue;
            }

            samples += bucket.Samples;
            figures.Add(ref bucket.Figures, _weights[Math.Max(0, current - bucket.Index)]);
        }

        return new WindowSnapshot(figures.Means(), samples, TimeSpan.FromTicks(Math.Max(0, now.Ticks - _newest)));
    }

    /// <summary>Forgets everything, as for a new process under an old name.</summary>
    public void Clear()
    {
        _newest = Empty;
        _lastSpan = 0;
        foreach (ref var bucket in _buckets.AsSpan())
        {
            bucket = default;
            bucket.Index = Empty;
        }
    }

    /// <summary>Makes the bucket of <paramref name="ticks"/> the one that is added to; false if it is older than the window.</summary>
    private bool TurnTo(long ticks)
    {
        var index = Index(ticks);
        if (_newest != Empty && index <= Index(_newest) - _buckets.Length)
        {
            return false;
        }

        _lastSlot = Slot(index);
        _lastStart = index * _span;
        _lastSpan = _span;
        ref var bucket = ref _buckets[_lastSlot];
        if (bucket.Index != index)
        {
            bucket = default;
            bucket.Index = index;
        }

        return true;
    }

    // Rounds down below zero too: a sample may be older than the clock's origin.
    private long Index(long ticks) => (ticks >= 0 ? ticks : ticks - _span + 1) / _span;

    private int Slot(long index) => (int)(((index % _buckets.Length) + _buckets.Length) % _buckets.Length);

    private struct Bucket
    {
        public long Index;
        public int Samples;
        public FigureSums Figures;
    }
}
