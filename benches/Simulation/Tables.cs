using System.Globalization;

namespace Fairway.Simulation;

/// <summary>A table a scenario, as docs/balancing.md has them.</summary>
internal static class Tables
{
    public static void Print(TextWriter output, Scenario scenario, Runs runs)
    {
        output.WriteLine($"### {scenario.Title}");
        output.WriteLine();
        string[][] cells =
        [
            ["policy", "step", "p50", "p90", "p99", "p99.9 ms", "errors", "probes", "most of a share", "least", "first one's"],
            .. from policy in scenario.Policies
               from step in Enumerable.Range(0, scenario.Steps.Length)
               select Line(policy, scenario.Steps[step], runs[scenario.Name, policy, step]),
        ];
        var widths = Enumerable.Range(0, cells[0].Length).Select(column => cells.Max(line => line[column].Length)).ToArray();
        Write(cells[0]);
        Write([.. widths.Select(width => new string('-', width))]);
        foreach (var line in cells.Skip(1))
        {
            Write(line);
        }

        output.WriteLine();

        void Write(string[] line) =>
            output.WriteLine("| " + string.Join(" | ", line.Select((cell, column) => column < 2 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))) + " |");
    }

    private static string[] Line(string policy, string step, Figures figures) =>
    [
        policy, step, Ms(figures.P50), Ms(figures.P90), Ms(figures.P99), Ms(figures.P999),
        figures.Errors == 0 ? "0" : figures.ErrorRate.ToString("0.00000 %", CultureInfo.InvariantCulture),
        figures.Probes == 0 ? "0" : figures.Probes.ToString("0.0", CultureInfo.InvariantCulture),
        figures.WorstShare.ToString("0.00x", CultureInfo.InvariantCulture),
        figures.LeastShare.ToString("0.00x", CultureInfo.InvariantCulture),
        figures.FirstShare.ToString("0.000 %", CultureInfo.InvariantCulture),
    ];

    private static string Ms(double figure) => figure.ToString(figure < 1000 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
