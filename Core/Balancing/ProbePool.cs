namespace Fairway.Core.Balancing;

/// <summary>What one probe found, while it may still be used.</summary>
internal struct ProbeResult
{
    public Endpoint Endpoint;
    public double InFlight;
    public double LatencyMs;
    public TimeSpan At;
    public int UsesLeft;
}

/// <summary>
/// Prequal's pool of recent probe results and its rule over them: hot is who has more in flight than the quantile of recent results;
/// of the cold ones the fastest, else of the hot ones the least busy. Not thread-safe.
/// </summary>
internal sealed class ProbePool(int capacity, double hotQuantile)
{
    private const int Remembered = 128;

    private readonly ProbeResult[] _results = new ProbeResult[capacity];

    // The in-flight figures of the last results, as a ring and counted by value, for the quantile.
    private readonly int[] _recent = new int[Remembered];
    private readonly int[] _counts = new int[256];
    private int _seen;

    public int Count { get; private set; }

    public ref ProbeResult this[int index] => ref _results[index];

    /// <summary>Adds a result; it replaces an older one of the same instance, else, where the pool is full, the oldest.</summary>
    public void Add(in ProbeResult result)
    {
        Remember((int)Math.Clamp(result.InFlight, 0, _counts.Length - 1));
        for (var i = 0; i < Count; i++)
        {
            if (ReferenceEquals(_results[i].Endpoint, result.Endpoint))
            {
                Remove(i);
                break;
            }
        }

        if (Count == capacity)
        {
            Remove(0);
        }

        _results[Count++] = result;
    }

    /// <summary>Removes results taken before <paramref name="oldest"/>.</summary>
    public void Expire(TimeSpan oldest)
    {
        while (Count > 0 && _results[0].At < oldest)
        {
            Remove(0);
        }
    }

    /// <summary>Removes those of instances that are gone.</summary>
    public void Keep(EndpointList list)
    {
        for (var i = Count - 1; i >= 0; i--)
        {
            if (!list.Endpoints.Contains(_results[i].Endpoint))
            {
                Remove(i);
            }
        }
    }

    /// <summary>Results are in the order of their age, the oldest first.</summary>
    public void Remove(int index)
    {
        Array.Copy(_results, index + 1, _results, index, Count - index - 1);
        _results[--Count] = default;
    }

    /// <summary>The index of the best by the hot-cold lexicographic rule that <paramref name="call"/> does not exclude; -1 where there is none.</summary>
    public int Best(in Call call)
    {
        var threshold = Threshold();
        var best = -1;
        for (var i = 0; i < Count; i++)
        {
            if (!call.Excludes(_results[i].Endpoint) && (best < 0 || IsBetter(_results[i], _results[best], threshold)))
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>The index of the worst by the same rule; -1 where the pool is empty.</summary>
    public int Worst()
    {
        var threshold = Threshold();
        var worst = -1;
        for (var i = 0; i < Count; i++)
        {
            if (worst < 0 || IsBetter(_results[worst], _results[i], threshold))
            {
                worst = i;
            }
        }

        return worst;
    }

    private static bool IsBetter(in ProbeResult a, in ProbeResult b, double threshold)
    {
        var (hotA, hotB) = (a.InFlight > threshold, b.InFlight > threshold);
        return hotA != hotB ? hotB : hotA ? a.InFlight < b.InFlight : a.LatencyMs < b.LatencyMs;
    }

    private void Remember(int inFlight)
    {
        var slot = _seen % Remembered;
        if (_seen++ >= Remembered)
        {
            _counts[_recent[slot]]--;
        }

        _recent[slot] = inFlight;
        _counts[inFlight]++;
    }

    private double Threshold()
    {
        var rank = (int)Math.Ceiling(hotQuantile * Math.Min(_seen, Remembered));
        for (int value = 0, below = 0; value < _counts.Length; value++)
        {
            below += _counts[value];
            if (below >= rank)
            {
                return value;
            }
        }

        return _counts.Length;
    }
}
