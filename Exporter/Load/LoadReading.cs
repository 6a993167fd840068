using Fairway.Core.Scoring;
using Fairway.GrpcWire.Orca;

namespace Fairway.Exporter.Load;

/// <summary>Why a load report was refused.</summary>
public enum Refusal
{
    None,
    NonFinite,
    Negative,

    /// <summary>A figure over 1e9.</summary>
    TooLarge,

    /// <summary>Not a report: the bytes do not decode.</summary>
    Undecodable,
}

/// <summary>What a load report says: a sample, nothing, or garbage.</summary>
/// <param name="Sample">Null for an empty report and for a refused one.</param>
public readonly record struct LoadReading(LoadSample? Sample, Refusal Refusal)
{
    private const double Limit = 1e9;

    /// <summary>The reading of bytes that do not decode.</summary>
    public static LoadReading Undecodable { get; } = new(null, Refusal.Undecodable);

    /// <summary>
    /// Reads an ORCA report. One bad figure anywhere refuses it whole. A report with no field set is no sample.
    /// In any other, proto3 cannot tell 0 from not sent: CPU, rate and errors are then 0, which is what an idle server
    /// sends, while the named metrics, which a map does tell apart, are NaN where missing.
    /// </summary>
    public static LoadReading Of(OrcaLoadReport report)
    {
        if (Check(report) is var refusal and not Refusal.None)
        {
            return new LoadReading(null, refusal);
        }

        if (report.CalculateSize() == 0)
        {
            return default;
        }

        var rps = report.RpsFractional > 0 ? report.RpsFractional : WholeRps(report);
        return new LoadReading(
            new LoadSample(
                Cpu: report.ApplicationUtilization > 0 ? report.ApplicationUtilization : report.CpuUtilization,
                MemoryGib: Named(report, "memory_gib"),
                InFlight: Named(report, "in_flight"),
                LatencyMs: Named(report, "latency_ms"),
                Rps: rps,
                // Errors of requests that began in an earlier interval may outnumber this one's requests.
                ErrorRate: rps > 0 ? Math.Min(1, report.Eps / rps) : 0),
            Refusal.None);
    }

    private static double Named(OrcaLoadReport report, string name) =>
        report.NamedMetrics.TryGetValue(name, out var value) ? value : double.NaN;

    private static Refusal Check(OrcaLoadReport report)
    {
        ReadOnlySpan<double> figures =
        [
            report.CpuUtilization, report.MemUtilization, report.ApplicationUtilization, report.RpsFractional,
            report.Eps, WholeRps(report),
        ];
        foreach (var figure in figures)
        {
            if (Check(figure) is var refusal and not Refusal.None)
            {
                return refusal;
            }
        }

        return Check(report.NamedMetrics.Values) is var named and not Refusal.None ? named
            : Check(report.Utilization.Values) is var shares and not Refusal.None ? shares
            : Check(report.RequestCost.Values);
    }

    private static Refusal Check(ICollection<double> figures)
    {
        foreach (var figure in figures)
        {
            if (Check(figure) is var refusal and not Refusal.None)
            {
                return refusal;
            }
        }

        return Refusal.None;
    }

    private static Refusal Check(double figure) =>
        !double.IsFinite(figure) ? Refusal.NonFinite
        : figure < 0 ? Refusal.Negative
        : figure > Limit ? Refusal.TooLarge
        : Refusal.None;

    // Older servers know only the whole number.
    private static double WholeRps(OrcaLoadReport report)
    {
#pragma warning disable CS0612 // deprecated in the protocol, still sent
        return report.Rps;
#pragma warning restore CS0612
    }
}
