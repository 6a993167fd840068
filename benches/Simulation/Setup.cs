using Fairway.Core.Balancing;

namespace Fairway.Simulation;

/// <summary>How the simulated cluster is made: the testbed of Prequal (NSDI 2024, section 5) unless a scenario says otherwise.</summary>
internal sealed record Setup
{
    public int Clients { get; init; } = 100;

    public int Machines { get; init; } = 100;

    /// <summary>Cores that a replica is allocated: 100 % of load keeps so many busy.</summary>
    public double Allocation { get; init; } = 6.47;

    /// <summary>The work of a request is max(0, N(80, 80)) ms.</summary>
    public double WorkMean { get; init; } = 80;

    public double WorkDeviation { get; init; } = 80;

    public double TimeoutMs { get; init; } = 5_000;

    /// <summary>One way between any two, ms.</summary>
    public double NetworkMs { get; init; } = 0.25;

    /// <summary>A machine's neighbours change their demand after an exponentially distributed time with this mean, ms.</summary>
    public double AntagonistMs { get; init; } = 120_000;

    /// <summary>
    /// What a replica finds beside its allocation, in allocations: at least this, and exponentially distributed above, up to all the
    /// machine has. One in a hundred is crowded and finds next to nothing. The paper leaves this to the fleet it was measured in; here
    /// it is set so that weighted round robin has the paper's latencies up to 0.93x and breaks soon above 1, as there.
    /// </summary>
    public double SpareLeast { get; init; } = 0.5;

    public double SpareMean { get; init; } = 3;

    public double SpareMost { get; init; } = 9;

    public double CrowdedShare { get; init; } = 0.01;

    public double CrowdedSpare { get; init; } = 0.1;

    /// <summary>Between two lists of a client, ms.</summary>
    public double RefreshMs { get; init; } = 1_000;

    /// <summary>All clients take their lists at the same instants.</summary>
    public bool Synchronised { get; init; }

    /// <summary>Load by step, 1 is the allocation, and how long each lasts, ms.</summary>
    public double[] Loads { get; init; } = [0.75];

    public double StepMs { get; init; } = 60_000;

    /// <summary>Before the first step, at its load, not counted, ms.</summary>
    public double WarmUpMs { get; init; } = 20_000;

    public string[] Zones { get; init; } = [""];

    /// <summary>What happens to the machines in a run.</summary>
    public Action<Cluster>? Script { get; init; }

    public CallerOptions Caller { get; init; } = new();

    /// <summary>Mean of <see cref="WorkMean"/> and <see cref="WorkDeviation"/> cut off at 0: E[max(0, N(80, 80))] = 86.66 ms.</summary>
    public const double MeanWork = 86.6629;

    /// <summary>About how many requests one run simulates, its warm-up included.</summary>
    public long Requests => (long)(RateAtOne * ((WarmUpMs * Loads[0]) + (StepMs * Loads.Sum())));

    /// <summary>Requests an ms at load 1.</summary>
    public double RateAtOne => Machines * Allocation / MeanWork;
}
