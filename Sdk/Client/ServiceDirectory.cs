using System.Collections.Immutable;
using Fairway.Core.Directory;

namespace Fairway.Sdk.Client;

/// <summary>All services as a gateway last told them: immutable, replaced whole.</summary>
public sealed record ServiceDirectory
{
    public static readonly ServiceDirectory Empty = new();

    /// <summary>The version of the gateway that it comes from; null before the first.</summary>
    public string? Version { get; init; }

    public ImmutableDictionary<string, ServiceEntry> Services { get; init; } = ImmutableDictionary.Create<string, ServiceEntry>(StringComparer.Ordinal);

    /// <summary>The lanes there are: for each the services that declare a version of their own in it.</summary>
    public ImmutableDictionary<string, ImmutableHashSet<string>> Lanes { get; init; } = ImmutableDictionary.Create<string, ImmutableHashSet<string>>(StringComparer.Ordinal);

    /// <summary>Addresses that operators took offline.</summary>
    public ImmutableHashSet<string> Offline { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Addresses of all gateways, <c>host:port</c>.</summary>
    public ImmutableArray<string> Gateways { get; init; } = [];

    /// <summary>The service of that name; URLs do not keep the case of hosts, so one that differs in case only is found too.</summary>
    public ServiceEntry? Find(string name) =>
        Services.TryGetValue(name, out var exact)
            ? exact
            : Services.Values.FirstOrDefault(service => string.Equals(service.Name, name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>One service of a <see cref="ServiceDirectory"/>; the same object as long as nothing of it changed.</summary>
public sealed record ServiceEntry
{
    public required string Name { get; init; }

    /// <summary><see cref="ServicePolicy.Scored"/>, <see cref="ServicePolicy.Manual"/> or <see cref="ServicePolicy.Hash"/>.</summary>
    public required string Mode { get; init; }

    public string? HashKey { get; init; }

    public double BoundFactor { get; init; } = 1.25;

    /// <summary>Of all lanes and states, best first.</summary>
    public required ImmutableArray<InstanceView> Instances { get; init; }

    /// <summary>Lanes (empty: base) in which ejected instances are readmitted.</summary>
    public required ImmutableArray<string> Panic { get; init; }

    /// <summary>Those of a lane that may be sent requests.</summary>
    public InstanceView[] Serving(string lane)
    {
        var panic = Panic.Contains(lane);
        return [.. Instances.Where(instance => instance.Lane == lane && (instance.IsUsable || (panic && instance.State is InstanceState.Ejected)))];
    }
}
