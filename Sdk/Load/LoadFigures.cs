namespace Fairway.Sdk.Load;

/// <summary>This process's load over an interval that just ended.</summary>
/// <param name="Cpu">Processor time used as a share of that granted; 1 is all of it.</param>
/// <param name="Memory">Resident memory as a share of that granted.</param>
/// <param name="MemoryGib">Resident memory in GiB.</param>
/// <param name="InFlight">Requests being served now.</param>
/// <param name="LatencyMs">Mean duration in ms of the requests that ended; null when none did.</param>
/// <param name="Rps">Requests ended, a second.</param>
/// <param name="Eps">Requests failed, a second.</param>
/// <param name="Application">The service's own measure, if it has one.</param>
public readonly record struct LoadFigures(
    double Cpu, double Memory, double MemoryGib, long InFlight, double? LatencyMs, double Rps, double Eps, double? Application);
