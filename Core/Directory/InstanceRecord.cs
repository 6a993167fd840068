using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>How an instance's life is checked.</summary>
public static class Probes
{
    public const string Orca = "orca";
    public const string GrpcHealth = "grpc-health";
    public const string Http = "http";
    public const string None = "none";
}

/// <summary>One instance as its registrant describes it: the value under <c>instances/{service}/{id}</c>.</summary>
public sealed record InstanceRecord
{
    public required string Service { get; init; }

    public required string Id { get; init; }

    /// <summary><c>ip:port</c> that callers connect to.</summary>
    public required string Address { get; init; }

    /// <summary><c>http</c>, <c>https</c>, <c>grpc</c> or <c>grpcs</c>.</summary>
    public string Protocol { get; init; } = "http";

    /// <summary><c>ip:port</c> of the probe; null means <see cref="Address"/>.</summary>
    public string? ProbeAddress { get; init; }

    /// <summary>One of <see cref="Probes"/>.</summary>
    public string Probe { get; init; } = Probes.None;

    /// <summary>The lane; empty means base.</summary>
    public string Lane { get; init; } = "";

    /// <summary>Shown to operators; only lanes route.</summary>
    public string Version { get; init; } = "";

    public string Zone { get; init; } = "";

    /// <summary>The registrant's share in percent of a usual instance.</summary>
    public int Weight { get; init; } = 100;

    public ImmutableArray<MethodRecord> Methods { get; init; } = [];

    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Set by a registrant that is about to leave: no new requests, the running ones end.</summary>
    public bool Draining { get; init; }
}

/// <summary>One method of an instance and the lane it belongs to.</summary>
public sealed record MethodRecord(string Name, string Lane);
