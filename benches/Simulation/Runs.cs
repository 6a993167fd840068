using System.Diagnostics;
using Fairway.Report;

namespace Fairway.Simulation;

/// <summary>What one policy came to in one step of a scenario: the median of each figure over the seeds.</summary>
internal sealed record Figures(
    double P50, double P90, double P99, double P999, double ErrorRate, double Errors, double Probes, double WorstShare, double LeastShare, double FirstShare)
{
    public static Figures Of(IEnumerable<Tally> seeds)
    {
        var tallies = seeds.ToArray();
        double Median(Func<Tally, double> figure) => Rounds.Median(tallies.Select(figure));
        return new Figures(
            Median(tally => tally.Percentile(0.5)), Median(tally => tally.Percentile(0.9)), Median(tally => tally.Percentile(0.99)),
            Median(tally => tally.Percentile(0.999)), Median(tally => tally.ErrorRate), Median(tally => tally.Errors), Median(tally => tally.ProbesPerRequest),
            Median(tally => tally.WorstShare), Median(tally => tally.Arrivals.Min() * (double)tally.Arrivals.Length / Math.Max(1, tally.Arrivals.Sum())),
            Median(tally => tally.Share(0)));
    }
}

/// <summary>Runs scenarios, each policy and seed by itself, on all processors.</summary>
internal sealed class Runs
{
    private readonly Dictionary<(string Scenario, string Policy, int Step), Figures> _figures = [];

    /// <summary>Requests simulated.</summary>
    public long Requests { get; private set; }

    /// <summary>Processor time spent in simulating, all threads, s.</summary>
    public double ProcessorSeconds { get; private set; }

    public Figures this[string scenario, string policy, int step = 0] => _figures[(scenario, policy, step)];

    /// <summary>All figures of a scenario.</summary>
    public IReadOnlyList<KeptFigures> Of(Scenario scenario) =>
        [.. _figures.Where(entry => entry.Key.Scenario == scenario.Name).Select(entry => new KeptFigures(entry.Key.Policy, entry.Key.Step, entry.Value))];

    /// <summary>Takes what an earlier run came to.</summary>
    public void Take(Scenario scenario, IReadOnlyList<KeptFigures> figures, int seeds)
    {
        foreach (var (policy, step, figure) in figures)
        {
            _figures[(scenario.Name, policy, step)] = figure;
        }

        Requests += scenario.Policies.Length * seeds * scenario.Setup.Requests;
    }

    public void Run(IReadOnlyList<Scenario> scenarios, int seeds)
    {
        var jobs = (from scenario in scenarios from policy in scenario.Policies from seed in Enumerable.Range(1, seeds) select (scenario, policy, seed)).ToArray();
        var tallies = new Tally[jobs.Length][];
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        Parallel.For(0, jobs.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, index =>
        {
            var (scenario, policy, seed) = jobs[index];
            tallies[index] = new Cluster(scenario.Setup, Policies.Of(policy), (ulong)seed).Run();
        });
        ProcessorSeconds += (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
        foreach (var group in jobs.Zip(tallies).GroupBy(run => (run.First.scenario, run.First.policy)))
        {
            for (var step = 0; step < group.Key.scenario.Steps.Length; step++)
            {
                _figures[(group.Key.scenario.Name, group.Key.policy, step)] = Figures.Of(group.Select(run => run.Second[step]));
            }

            Requests += group.Sum(run => run.First.scenario.Setup.Requests);
        }
    }
}
