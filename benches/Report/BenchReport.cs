using System.Globalization;
using System.Runtime.InteropServices;

namespace Fairway.Report;

/// <summary>
/// The table of one bench, as CONTRACTS 10 has it: a column of targets, a last line with the figure that stands for all, and an
/// exit code that tells whether every target was reached.
/// </summary>
public sealed class BenchReport(string name)
{
    public const int Reached = 0;
    public const int Missed = 3;

    private readonly List<Row> _rows = [];

    /// <summary>Adds a line. The first with a target stands for the bench in the last line.</summary>
    /// <param name="what">What was measured.</param>
    /// <param name="figure">What it came to.</param>
    /// <param name="unit">As it is printed behind the figure: <c>x</c>, <c> ms</c>.</param>
    /// <param name="target">The bound, where there is one.</param>
    /// <param name="detail">What the figure is made of, or its peer.</param>
    public void Add(string what, double figure, string unit, Target? target = null, string detail = "") =>
        _rows.Add(new Row(what, figure, unit, target, detail));

    /// <summary>Prints the table; the exit code.</summary>
    public int Print(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        string[][] cells =
        [
            ["what", "figure", "target", "", "detail"],
            .. _rows.Select(row => new[]
            {
                row.What,
                Number(row.Figure) + row.Unit,
                row.Target?.Text(row.Unit) ?? "-",
                row.Target is null ? "" : row.IsMissed ? "missed" : "reached",
                row.Detail,
            }),
        ];
        var widths = Enumerable.Range(0, cells[0].Length).Select(column => cells.Max(line => line[column].Length)).ToArray();
        output.WriteLine(Machine());
        output.WriteLine();
        Write(cells[0]);
        Write([.. widths.Select(width => new string('-', width))]);
        foreach (var line in cells.Skip(1))
        {
            Write(line);
        }

        output.WriteLine();
        var missed = _rows.Where(row => row.IsMissed).ToList();
        if (missed.Count > 0)
        {
            output.WriteLine($"missed: {string.Join("; ", missed.Select(row => row.What))}");
        }

        var headline = _rows.First(row => row.Target is not null);
        output.WriteLine($"{name}: {Number(headline.Figure)}{headline.Unit} (target {headline.Target!.Value.Text(headline.Unit)})");
        return missed.Count == 0 ? Reached : Missed;

        void Write(string[] line) =>
            output.WriteLine("| " + string.Join(" | ", line.Select((cell, column) => column == 1 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))) + " |");
    }

    private static string Number(double figure) => Math.Abs(figure) switch
    {
        >= 1000 => figure.ToString("#,0", CultureInfo.InvariantCulture),
        >= 100 => figure.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => figure.ToString("0.#", CultureInfo.InvariantCulture),
        _ => figure.ToString("0.##", CultureInfo.InvariantCulture),
    };

    /// <summary>What the figures depend on beside the code.</summary>
    private static string Machine()
    {
        var load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
        return $"{Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}, load average at the end {load}";
    }

    private readonly record struct Row(string What, double Figure, string Unit, Target? Target, string Detail)
    {
        // Not a number is no figure, so it is missed too.
        public bool IsMissed => Target is { } target && !target.IsReachedBy(Figure);
    }
}
