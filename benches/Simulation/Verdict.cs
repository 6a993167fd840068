using Fairway.Report;

namespace Fairway.Simulation;

/// <summary>What was to be reached, held against what came out.</summary>
internal static class Verdict
{
    /// <summary>Of weighted round robin at 0.75-0.93x in the paper: p50, p90, p99, p99.9, ms.</summary>
    private static readonly double[] Paper = [80, 182, 265, 325];

    private static readonly string[] Ramps = ["ramp-100", "ramp-10", "ramp-200"];

    public static void Add(BenchReport report, IReadOnlyList<Scenario> scenarios, Runs runs)
    {
        var names = scenarios.Select(scenario => scenario.Name).ToHashSet();
        foreach (var ramp in Ramps.Where(names.Contains))
        {
            AddRamp(report, scenarios.Single(scenario => scenario.Name == ramp), runs);
        }

        if (names.Contains("ramp-100"))
        {
            AddPaper(report, runs);
        }

        AddAgainstPrequal(report, scenarios, runs);
        if (scenarios.Where(scenario => scenario.Name.StartsWith("herd", StringComparison.Ordinal)).ToArray() is { Length: > 0 } herds)
        {
            var worst = herds.MaxBy(herd => Ratio(runs, herd.Name, Policies.Plain))!;
            report.Add("no herd at 0.7x: worst p99 to round robin's", Ratio(runs, worst.Name, Policies.Plain), "x", Target.AtMost(1.02), $"{worst.Title}; {herds.Length} scenarios");
            var crowded = herds.MaxBy(herd => runs[herd.Name, Policies.Own].WorstShare)!;
            report.Add("no herd: most of its weighted share in a second", runs[crowded.Name, Policies.Own].WorstShare, "x", Target.AtMost(2), crowded.Title);
        }

        if (names.Contains("frozen"))
        {
            var minutes = Enumerable.Range(1, 10).Select(minute => runs["frozen", Policies.Own, minute]).ToArray();
            report.Add(
                "frozen discovery: p99 of the worst of 10 min to healthy", minutes.Max(minute => minute.P99) / runs["frozen", Policies.Own].P99, "x", Target.AtMost(1.05),
                $"{minutes.Sum(minute => minute.Errors):0} requests failed");
        }

        if (names.Contains("failing"))
        {
            report.Add("failing instance: share after 2 s", 100 * runs["failing", Policies.Own, 1].FirstShare, " %", Target.AtMost(1), "an even share is 1 %");
            report.Add("failing instance: share when mended", 100 * runs["failing", Policies.Own, 4].FirstShare, " %", Target.AtLeast(0.5));
        }

        if (names.Contains("stuck"))
        {
            report.Add("stuck instance: p99 to healthy", Steps(runs, "stuck"), "x", null, $"share {100 * runs["stuck", Policies.Own, 1].FirstShare:0.000} %");
            report.Add("stuck instance: share when mended", 100 * runs["stuck", Policies.Own, 4].FirstShare, " %", Target.AtLeast(0.5));
        }

        if (names.Contains("rolling"))
        {
            report.Add("rolling replacement: failed requests", runs["rolling", Policies.Own, 1].Errors, "", Target.AtMost(0));
            report.Add("rolling replacement: p99 to healthy", Steps(runs, "rolling"), "x", Target.AtMost(1.1));
        }

        if (names.Contains("zone-lost"))
        {
            report.Add("zone lost: failed requests", 100 * runs["zone-lost", Policies.Own, 1].ErrorRate, " %", null, "of the step it is lost in");
        }

        report.Add("probes a query", scenarios.Max(scenario => Enumerable.Range(0, scenario.Steps.Length).Max(step => runs[scenario.Name, Policies.Own, step].Probes)), "", Target.AtMost(1));
    }

    private static void AddRamp(BenchReport report, Scenario ramp, Runs runs)
    {
        var clients = $"{ramp.Setup.Clients} clients";
        // Only for 10 and 100 clients is there a figure to reach.
        var bound = ramp.Name is "ramp-100" or "ramp-10";
        var prequal = (int step) => $"prequal {runs[ramp.Name, Policies.Prequal, step].P999:0}, weighted round robin {runs[ramp.Name, Policies.Weighted, step].P999:0}";
        report.Add($"p99.9 at 1.74x, {clients}", runs[ramp.Name, Policies.Own, 8].P999, " ms", bound ? Target.AtMost(400) : null, prequal(8));
        report.Add($"p99.9 at 1.27x, {clients}", runs[ramp.Name, Policies.Own, 5].P999, " ms", bound ? Target.AtMost(360) : null, prequal(5));
        report.Add($"errors at the nine steps, {clients}", Enumerable.Range(0, 9).Sum(step => runs[ramp.Name, Policies.Own, step].Errors), "", Target.AtMost(0));
    }

    private static void AddPaper(BenchReport report, Runs runs)
    {
        double[] seen = [.. new Func<Figures, double>[] { figures => figures.P50, figures => figures.P90, figures => figures.P99, figures => figures.P999 }
            .Select(figure => Enumerable.Range(0, 3).Average(step => figure(runs["ramp-100", Policies.Weighted, step])))];
        report.Add(
            "weighted round robin at 0.75-0.93x, furthest from the paper", seen.Zip(Paper, (mine, paper) => Math.Abs((mine / paper) - 1)).Max() * 100, " %", Target.AtMost(5),
            $"{string.Join("/", seen.Select(ms => $"{ms:0}"))} ms here, {string.Join("/", Paper.Select(ms => $"{ms:0}"))} ms there");
    }

    private static void AddAgainstPrequal(BenchReport report, IReadOnlyList<Scenario> scenarios, Runs runs)
    {
        var both = (from scenario in scenarios
                    where scenario.Policies.Contains(Policies.Prequal) && scenario.Policies.Contains(Policies.Own)
                    from step in Enumerable.Range(0, scenario.Steps.Length)
                    select (What: $"{scenario.Title}, {scenario.Steps[step]}", scenario.Name, Step: step)).ToArray();
        if (both.Length == 0)
        {
            return;
        }

        double P99((string What, string Name, int Step) at) => Ratio(runs, at.Name, Policies.Prequal, at.Step);
        double P999((string What, string Name, int Step) at) => runs[at.Name, Policies.Own, at.Step].P999 / runs[at.Name, Policies.Prequal, at.Step].P999;
        var (worst, best, tail) = (both.MaxBy(P99), both.MinBy(P99), both.MinBy(P999));
        report.Add("p99 to Prequal's, at worst", P99(worst), "x", Target.AtMost(1.03), $"{worst.What}; {both.Length} steps");
        report.Add("p99 to Prequal's, at best", P99(best), "x", Target.AtMost(0.97), best.What);
        report.Add("p99.9 to Prequal's, at best", P999(tail), "x", null, tail.What);
        if (scenarios.Any(scenario => scenario.Name == "half-slow"))
        {
            report.Add("half twice as slow: p99 to Prequal's", Ratio(runs, "half-slow", Policies.Prequal), "x", Target.AtMost(1.03), $"{runs["half-slow", Policies.Own].P99:0} ms");
        }
    }

    private static double Ratio(Runs runs, string scenario, string other, int step = 0) =>
        runs[scenario, Policies.Own, step].P99 / runs[scenario, other, step].P99;

    private static double Steps(Runs runs, string scenario) => runs[scenario, Policies.Own, 1].P99 / runs[scenario, Policies.Own].P99;
}
