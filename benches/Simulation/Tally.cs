namespace Fairway.Simulation;

/// <summary>What requests of one stretch of a run came to: latencies to a tenth of a millisecond, and how many failed.</summary>
internal sealed class Tally(int machines)
{
    private const double Step = 0.1;
    private readonly int[] _counts = new int[51_000];

    /// <summary>Requests by machine.</summary>
    public long[] Arrivals { get; } = new long[machines];

    public long Requests { get; private set; }

    public long Errors { get; private set; }

    public long Probes { get; set; }

    public long Retries { get; set; }

    /// <summary>The largest of: an instance's requests in one second to its weighted share of them.</summary>
    public double WorstShare { get; set; }

    public void Add(double latency, bool failed)
    {
        Requests++;
        Errors += failed ? 1 : 0;
        _counts[Math.Clamp((int)(latency / Step), 0, _counts.Length - 1)]++;
    }

    public double ErrorRate => Requests == 0 ? 0 : Errors / (double)Requests;

    public double ProbesPerRequest => Requests == 0 ? 0 : Probes / (double)Requests;

    /// <summary>A machine's part of all requests.</summary>
    public double Share(int machine) => Arrivals[machine] / (double)Math.Max(1, Arrivals.Sum());

    /// <summary>The latency that this share of requests does not exceed, ms.</summary>
    public double Percentile(double share)
    {
        var rank = (long)Math.Ceiling(share * Requests);
        long below = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            below += _counts[i];
            if (below >= rank && below > 0)
            {
                return (i + 1) * Step;
            }
        }

        return double.NaN;
    }
}
