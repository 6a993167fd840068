using System.Collections.Immutable;
using Fairway.Core.Directory;

namespace Fairway.GrainInterfaces.Wire;

/// <summary>An <see cref="InstanceRecord"/> between grains.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Instance")]
public sealed record InstanceWire
{
    [Id(0)] public required string Service { get; init; }

    [Id(1)] public required string Id { get; init; }

    [Id(2)] public required string Address { get; init; }

    [Id(3)] public required string Protocol { get; init; }

    [Id(4)] public string? ProbeAddress { get; init; }

    [Id(5)] public required string Probe { get; init; }

    [Id(6)] public required string Lane { get; init; }

    [Id(7)] public required string Version { get; init; }

    [Id(8)] public required string Zone { get; init; }

    [Id(9)] public int Weight { get; init; }

    [Id(10)] public ImmutableArray<MethodWire> Methods { get; init; } = [];

    [Id(11)] public required ImmutableDictionary<string, string> Metadata { get; init; }

    [Id(12)] public DateTimeOffset? StartedAt { get; init; }

    [Id(13)] public bool Draining { get; init; }

    public static InstanceWire From(InstanceRecord instance) => new()
    {
        Service = instance.Service,
        Id = instance.Id,
        Address = instance.Address,
        Protocol = instance.Protocol,
        ProbeAddress = instance.ProbeAddress,
        Probe = instance.Probe,
        Lane = instance.Lane,
        Version = instance.Version,
        Zone = instance.Zone,
        Weight = instance.Weight,
        Methods = ImmutableArray.CreateRange(instance.Methods, method => new MethodWire(method.Name, method.Lane)),
        Metadata = instance.Metadata.ToImmutableDictionary(),
        StartedAt = instance.StartedAt,
        Draining = instance.Draining,
    };

    public InstanceRecord ToCore() => new()
    {
        Service = Service,
        Id = Id,
        Address = Address,
        Protocol = Protocol,
        ProbeAddress = ProbeAddress,
        Probe = Probe,
        Lane = Lane,
        Version = Version,
        Zone = Zone,
        Weight = Weight,
        Methods = ImmutableArray.CreateRange(Methods, method => new MethodRecord(method.Name, method.Lane)),
        Metadata = Metadata.ToImmutableSortedDictionary(StringComparer.Ordinal),
        StartedAt = StartedAt,
        Draining = Draining,
    };
}

/// <summary>A <see cref="MethodRecord"/>.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Method")]
public sealed record MethodWire(
    [property: Id(0)] string Name,
    [property: Id(1)] string Lane);
