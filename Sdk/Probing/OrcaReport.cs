using Fairway.GrpcWire.Orca;
using Fairway.Sdk.Load;

namespace Fairway.Sdk.Probing;

/// <summary>Load figures as an ORCA report, with Fairway's named metrics.</summary>
internal static class OrcaReport
{
    public static OrcaLoadReport From(in LoadFigures figures)
    {
        var report = new OrcaLoadReport
        {
            CpuUtilization = figures.Cpu,
            MemUtilization = figures.Memory,
            RpsFractional = figures.Rps,
            Eps = figures.Eps,
        };
        report.NamedMetrics["in_flight"] = figures.InFlight;
        report.NamedMetrics["memory_gib"] = figures.MemoryGib;
        if (figures.LatencyMs is { } latency)
        {
            report.NamedMetrics["latency_ms"] = latency;
        }

        if (figures.Application is { } application)
        {
            report.ApplicationUtilization = application;
        }

        return report;
    }
}
