using Fairway.Report;

namespace Fairway.Simulation;

/// <summary>
/// <c>./bench simulation</c>: the policies in one simulated cluster, scenario by scenario. <c>--seeds N</c>, <c>--seconds N</c> a step,
/// <c>--scenarios A,B</c> those that begin so, or <c>machine</c> for the rows that tell of this machine alone, <c>--plots FOLDER</c>
/// where to draw, <c>--policies A,B</c> for tables of those alone, <c>--keep FOLDER</c> where scenarios that were run lie: those are
/// not run again.
/// </summary>
internal static class SimulationBench
{
    private const string Machine = "machine";

    public static Task<int> RunAsync(BenchArguments arguments)
    {
        if (arguments.Text("--scenarios") == Machine)
        {
            var own = new BenchReport("simulation");
            PickCost.Add(own);
            AddSpeed(own);
            return Task.FromResult(own.Print(Console.Out));
        }

        var seeds = arguments.Number("--seeds", 3);
        var wanted = arguments.Text("--scenarios")?.Split(',');
        var scenarios = Scenario.All(arguments.Number("--seconds", 20) * 1000.0)
            .Where(scenario => wanted is null || wanted.Any(name => scenario.Name.StartsWith(name, StringComparison.Ordinal))).ToArray();
        if (scenarios.Length == 0)
        {
            throw new ArgumentException($"no scenario begins with '{arguments.Text("--scenarios")}'");
        }

        if (arguments.Text("--policies")?.Split(',') is { } policies)
        {
            // For trying something out: tables alone, as the verdict needs its peers.
            scenarios = [.. scenarios.Select(scenario => scenario with { Policies = [.. scenario.Policies.Intersect(policies)] })];
        }

        var runs = new Runs();
        var keep = new Keep(arguments.Text("--policies") is null ? arguments.Text("--keep") : null, $"{seeds} seeds, {arguments.Number("--seconds", 20)} s");
        foreach (var scenario in scenarios)
        {
            if (keep.Read(scenario) is { } kept)
            {
                runs.Take(scenario, kept, seeds);
            }
            else
            {
                runs.Run([scenario], seeds);
                keep.Write(scenario, runs.Of(scenario));
            }

            Tables.Print(Console.Out, scenario, runs);
        }

        if (arguments.Text("--policies") is not null)
        {
            return Task.FromResult(BenchReport.Reached);
        }

        var report = new BenchReport("simulation");
        Verdict.Add(report, scenarios, runs);
        PickCost.Add(report);
        AddSpeed(report);
        Draw(arguments.Text("--plots"), scenarios, runs);
        Console.WriteLine($"{runs.Requests:#,0} requests simulated, {seeds} seeds, medians.");
        Console.WriteLine();
        return Task.FromResult(report.Print(Console.Out));
    }

    /// <summary>By processor time, so that what else the machine does counts little.</summary>
    private static void AddSpeed(BenchReport report)
    {
        var run = new Scenario("speed", "speed", new Setup { Loads = [0.93], StepMs = 60_000 }, ["0.93x"], [Policies.Own]);
        var figures = new double[Rounds.Least];
        for (var round = 0; round < figures.Length; round++)
        {
            var runs = new Runs();
            runs.Run([run], Environment.ProcessorCount);
            figures[round] = 2 * runs.Requests / runs.ProcessorSeconds / 1e6;
        }

        report.Add("simulated requests a second on 2 processors", Rounds.Median(figures), " M", Target.AtLeast(1), "by processor time, scored at 0.93x");
    }

    private static void Draw(string? folder, Scenario[] scenarios, Runs runs)
    {
        if (folder is null)
        {
            return;
        }

        Directory.CreateDirectory(folder);

        foreach (var ramp in scenarios.Where(scenario => scenario.Name.StartsWith("ramp", StringComparison.Ordinal)))
        {
            Save("p99.9 latency by load, ", ramp, figures => figures.P999, "ms", $"balancing-{ramp.Name}.svg");
        }

        foreach (var fault in scenarios.Where(scenario => scenario.Name is "failing" or "stuck"))
        {
            Save("Share of requests: ", fault, figures => Math.Max(100 * figures.FirstShare, 0.001), "%", $"balancing-{fault.Name}.svg");
        }

        void Save(string what, Scenario scenario, Func<Figures, double> figure, string unit, string file)
        {
            var plot = new Plot(what + scenario.Title, unit, scenario.Steps);
            foreach (var policy in scenario.Policies)
            {
                plot.Add(policy, Enumerable.Range(0, scenario.Steps.Length).Select(step => figure(runs[scenario.Name, policy, step])));
            }

            plot.Save(Path.Combine(folder, file));
        }
    }
}
