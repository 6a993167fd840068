namespace Fairway.Core.Scoring;

/// <summary>One load report of one instance. A figure the instance did not report is <see cref="double.NaN"/>.</summary>
/// <param name="Cpu">Share of the processor granted to the instance; 1 is all of it, more is possible.</param>
/// <param name="MemoryGib">Resident memory in GiB.</param>
/// <param name="InFlight">Requests being served.</param>
/// <param name="LatencyMs">Mean latency of the last interval in milliseconds.</param>
/// <param name="Rps">Requests a second.</param>
/// <param name="ErrorRate">Failed requests among all, 0 to 1.</param>
public readonly record struct LoadSample(
    double Cpu, double MemoryGib, double InFlight, double LatencyMs, double Rps, double ErrorRate);
