using System.Globalization;
using Fairway.Core.Scoring;

namespace Fairway.Exporter.Fit;

/// <summary>
/// One line of a recording: the means of an instance's window, as the score sees them, and the mean latency of the
/// interval after. Figures that were not reported are empty.
/// </summary>
public sealed record RecordedRow(string Service, string Instance, LoadSample Means, double NextLatencyMs)
{
    public const string Header = "service,instance,cpu,memoryGib,inFlight,latencyMs,rps,errorRate,nextLatencyMs";

    public string ToLine() => string.Join(
        ',', Service, Instance, Text(Means.Cpu), Text(Means.MemoryGib), Text(Means.InFlight), Text(Means.LatencyMs),
        Text(Means.Rps), Text(Means.ErrorRate), Text(NextLatencyMs)); // names hold no comma

    /// <summary>The row of a line; null if it is none, such as one cut off by a crash.</summary>
    public static RecordedRow? Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var cells = line.Split(',');
        var figures = new double[7];
        if (cells.Length != figures.Length + 2)
        {
            return null;
        }

        for (var i = 0; i < figures.Length; i++)
        {
            figures[i] = double.NaN;
            if (cells[i + 2].Length > 0 && !double.TryParse(cells[i + 2], NumberStyles.Float, CultureInfo.InvariantCulture, out figures[i]))
            {
                return null;
            }
        }

        return double.IsFinite(figures[6])
            ? new RecordedRow(cells[0], cells[1], new LoadSample(figures[0], figures[1], figures[2], figures[3], figures[4], figures[5]), figures[6])
            : null;
    }

    private static string Text(double figure) => double.IsFinite(figure) ? figure.ToString("G9", CultureInfo.InvariantCulture) : "";
}
