namespace Fairway.Simulation;

/// <summary>
/// One replica: processor sharing at the rate min(1, C/n) a request, C being its cores at the moment. Time is told in work done for
/// each request that is there, so that a request ends when that sum reaches what it was at its start plus its own work.
/// </summary>
internal sealed class Machine(int slot, string id, string zone)
{
    private double[] _ends = new double[64];
    private long[] _jobs = new long[64];
    private int _heaped;
    private double _done;
    private double _at;

    // Latencies of the last requests by how many were there when they came, for Prequal's probes.
    private readonly RecentLatency[] _latencies = new RecentLatency[64];

    public int Slot { get; } = slot;

    public string Id { get; } = id;

    public string Zone { get; } = zone;

    public double Cores { get; private set; } = 6.47;

    /// <summary>By how much longer each request's work takes here.</summary>
    public double Slowness { get; set; } = 1;

    public bool IsDead { get; set; }

    public bool IsDraining { get; set; }

    /// <summary>Share of requests that fail at once.</summary>
    public double FailureRate { get; set; }

    /// <summary>Waited before the work of each request, ms.</summary>
    public double Delay { get; set; }

    /// <summary>Requests here, those waiting included.</summary>
    public int InFlight { get; private set; }

    /// <summary>Those that share the processor.</summary>
    public int Running { get; private set; }

    // Since the last report.
    public double BusyCoreMs;
    public double LatencySum;
    public int Completed;
    public int Failed;

    // Of the second that runs.
    public int SecondArrivals;

    public void Come() => InFlight++;

    public void Leave() => InFlight--;

    public void SetCores(double cores, double now)
    {
        Advance(now);
        Cores = cores;
    }

    public void Start(long job, double work, double now)
    {
        Advance(now);
        Running++;
        if (_heaped == _ends.Length)
        {
            Array.Resize(ref _ends, 2 * _heaped);
            Array.Resize(ref _jobs, 2 * _heaped);
        }

        var end = _done + (work * Slowness);
        var place = _heaped++;
        while (place > 0 && _ends[(place - 1) >> 1] > end)
        {
            var above = (place - 1) >> 1;
            (_ends[place], _jobs[place]) = (_ends[above], _jobs[above]);
            place = above;
        }

        (_ends[place], _jobs[place]) = (end, job);
    }

    /// <summary>A request was given up; its place in the heap stays until its time comes.</summary>
    public void Cancel(double now)
    {
        Advance(now);
        Running--;
        InFlight--;
    }

    /// <summary>When the next one ends as things stand.</summary>
    public double Due => _heaped == 0 ? double.PositiveInfinity : _at + (Math.Max(0, _ends[0] - _done) / Rate);

    /// <summary>Takes the one that ends next.</summary>
    public long Finish(double now)
    {
        Advance(now);
        _done = Math.Max(_done, _ends[0]);
        var job = _jobs[0];
        var (end, last) = (_ends[--_heaped], _jobs[_heaped]);
        var place = 0;
        while (true)
        {
            var below = (2 * place) + 1;
            if (below >= _heaped)
            {
                break;
            }

            if (below + 1 < _heaped && _ends[below + 1] < _ends[below])
            {
                below++;
            }

            if (_ends[below] >= end)
            {
                break;
            }

            (_ends[place], _jobs[place]) = (_ends[below], _jobs[below]);
            place = below;
        }

        (_ends[place], _jobs[place]) = (end, last);
        return job;
    }

    public void Ended()
    {
        Running--;
        InFlight--;
    }

    public void Measured(int inFlightAtStart, double latency)
    {
        LatencySum += latency;
        Completed++;
        _latencies[Math.Min(inFlightAtStart, _latencies.Length - 1)].Add(latency);
    }

    /// <summary>The median latency of recent requests that came at about today's number in flight; the paper's estimate.</summary>
    public double EstimatedLatency()
    {
        var here = Math.Min(InFlight, _latencies.Length - 1);
        for (var distance = 0; distance < _latencies.Length; distance++)
        {
            if (here - distance >= 0 && _latencies[here - distance].Count > 0)
            {
                return _latencies[here - distance].Median();
            }

            if (here + distance < _latencies.Length && _latencies[here + distance].Count > 0)
            {
                return _latencies[here + distance].Median();
            }
        }

        return 0;
    }

    public void Advance(double now)
    {
        var span = now - _at;
        if (span > 0)
        {
            _done += span * Rate;
            BusyCoreMs += span * Math.Min(Running, Cores);
            _at = now;
        }
    }

    private double Rate => Running <= Cores ? 1 : Cores / Running;

    private struct RecentLatency
    {
        private const int Kept = 9;
        private double[]? _ring;
        private int _next;
        private double _median;
        private bool _known;

        public int Count { get; private set; }

        public void Add(double latency)
        {
            _ring ??= new double[Kept];
            _ring[_next] = latency;
            _next = (_next + 1) % Kept;
            Count = Math.Min(Count + 1, Kept);
            _known = false;
        }

        public double Median()
        {
            if (!_known)
            {
                Span<double> sorted = stackalloc double[Kept];
                _ring.AsSpan(0, Count).CopyTo(sorted);
                sorted[..Count].Sort();
                _median = sorted[Count / 2];
                _known = true;
            }

            return _median;
        }
    }
}
