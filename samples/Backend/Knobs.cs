namespace Fairway.Backend;

/// <summary>What one request costs and how often it fails. Changed while running by <c>POST /knobs</c>, read whole by each request.</summary>
/// <param name="LatencyMs">Waited without work, in ms, 0-60000.</param>
/// <param name="ErrorRate">Share of requests that end in 500, 0-1.</param>
/// <param name="CpuMs">Processor time burnt, in ms of one free processor, 0-60000.</param>
/// <param name="MemoryMib">Memory held all the time, in MiB, 0-1024.</param>
public sealed record Knobs(double LatencyMs = 5, double ErrorRate = 0, double CpuMs = 1, int MemoryMib = 0)
{
    /// <summary>Why these are no knobs; null when they are.</summary>
    public string? Failure() =>
        !(LatencyMs is >= 0 and <= 60_000) ? "latencyMs is 0 to 60000"
        : !(ErrorRate is >= 0 and <= 1) ? "errorRate is 0 to 1"
        : !(CpuMs is >= 0 and <= 60_000) ? "cpuMs is 0 to 60000"
        : MemoryMib is < 0 or > 1024 ? "memoryMib is 0 to 1024"
        : null;
}

/// <summary>A change of some knobs; null leaves one as it is.</summary>
public sealed record KnobsChange(double? LatencyMs, double? ErrorRate, double? CpuMs, int? MemoryMib)
{
    public Knobs ApplyTo(Knobs knobs) => new(
        LatencyMs ?? knobs.LatencyMs, ErrorRate ?? knobs.ErrorRate, CpuMs ?? knobs.CpuMs, MemoryMib ?? knobs.MemoryMib);
}
