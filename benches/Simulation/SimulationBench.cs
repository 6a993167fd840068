using Fairway.Report;

namespace Fairway.Simulation;

/// <summary><c>./bench simulation</c>: the policies in one simulated cluster, scenario by scenario.</summary>
internal static class SimulationBench
{
    public static Task<int> RunAsync(BenchArguments arguments)
    {
        var seeds = arguments.Number("--seeds", 3);
        var step = arguments.Number("--seconds", 20) * 1000.0;
        var wanted = arguments.Text("--scenarios")?.Split(',');
        var scenarios = Scenario.All(step).Where(scenario => wanted is null || wanted.Any(scenario.Name.StartsWith)).ToArray();
        if (arguments.Text("--policies")?.Split(',') is { } policies)
        {
            scenarios = [.. scenarios.Select(scenario => scenario with { Policies = [.. scenario.Policies.Intersect(policies)] })];
        }

        var runs = new Runs();
        foreach (var scenario in scenarios)
        {
            runs.Run([scenario], seeds);
            Tables.Print(Console.Out, scenario, runs);
        }

        Console.WriteLine($"{runs.Requests:#,0} requests, {runs.Requests / runs.ProcessorSeconds:#,0} a second of processor time");
        return Task.FromResult(0);
    }
}
