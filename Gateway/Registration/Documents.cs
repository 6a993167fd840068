namespace Fairway.Gateway.Registration;

// The shapes that the OpenAPI document shows; requests are read field by field.

/// <summary>A registration. Only <c>address</c> is required.</summary>
/// <param name="Address">ip:port that callers connect to.</param>
/// <param name="Protocol">http, https, grpc or grpcs; default http.</param>
/// <param name="Probe">orca, grpc-health, http or none; default none.</param>
/// <param name="Lane">null or empty is base.</param>
/// <param name="Weight">0 to 10000 percent, default 100.</param>
/// <param name="TtlSeconds">1 to 3600, default 30.</param>
public sealed record InstanceDocument(
    string? Service, string? Id, string Address, string? Protocol, string? ProbeAddress, string? Probe, string? Lane, string? Version,
    string? Zone, int? Weight, IReadOnlyList<MethodDocument>? Methods, IReadOnlyDictionary<string, string>? Metadata,
    DateTimeOffset? StartedAt, bool? Draining, int? TtlSeconds);

/// <summary>One method of an instance and the lane it belongs to.</summary>
public sealed record MethodDocument(string Name, string? Lane);

/// <summary>A report; every field may be absent. Figures are 0 to 1e9.</summary>
public sealed record StatusDocument(
    bool? Serving, double? Cpu, double? MemoryGib, double? InFlight, double? LatencyMs, double? Rps, double? ErrorRate);
