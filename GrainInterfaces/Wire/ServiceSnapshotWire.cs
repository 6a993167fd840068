using System.Collections.Immutable;
using Fairway.Core.Directory;

namespace Fairway.GrainInterfaces.Wire;

/// <summary>A <see cref="ServiceSnapshot"/> on its way to the Gateways.</summary>
[GenerateSerializer, Immutable, Alias("fairway.ServiceSnapshot")]
public sealed record ServiceSnapshotWire
{
    [Id(0)] public required string Epoch { get; init; }

    [Id(1)] public required string Service { get; init; }

    /// <summary>Grows within an epoch, over the lives of the grain too.</summary>
    [Id(2)] public required long Sequence { get; init; }

    [Id(3)] public required DateTimeOffset GeneratedAt { get; init; }

    [Id(4)] public required ImmutableArray<InstanceViewWire> Instances { get; init; }

    [Id(5)] public PolicyWire? Policy { get; init; }

    [Id(6)] public ImmutableArray<string> PanickedLanes { get; init; } = [];

    /// <summary>The sequence of the last snapshot that was news; that of this one or an earlier one.</summary>
    [Id(7)] public required long NewsSequence { get; init; }

    public static ServiceSnapshotWire From(string epoch, ServiceSnapshot snapshot) => new()
    {
        Epoch = epoch,
        Service = snapshot.Service,
        Sequence = snapshot.Sequence,
        NewsSequence = snapshot.NewsSequence,
        GeneratedAt = snapshot.GeneratedAt,
        Instances = ImmutableArray.CreateRange(snapshot.Instances, InstanceViewWire.From),
        Policy = PolicyWire.From(snapshot.Policy),
        PanickedLanes = snapshot.PanickedLanes,
    };

    public ServiceSnapshot ToCore() => new()
    {
        Service = Service,
        Sequence = Sequence,
        NewsSequence = NewsSequence,
        GeneratedAt = GeneratedAt,
        Instances = ImmutableArray.CreateRange(Instances, instance => instance.ToCore()),
        Policy = Policy?.ToCore(),
        PanickedLanes = PanickedLanes,
    };
}

/// <summary>An <see cref="InstanceView"/> on its way to the Gateways.</summary>
[GenerateSerializer, Immutable, Alias("fairway.InstanceView")]
public sealed record InstanceViewWire
{
    [Id(0)] public required string Id { get; init; }

    [Id(1)] public required string Address { get; init; }

    [Id(2)] public required string Protocol { get; init; }

    [Id(3)] public required string Zone { get; init; }

    [Id(4)] public required string Lane { get; init; }

    [Id(5)] public required string Version { get; init; }

    [Id(6)] public double Weight { get; init; }

    [Id(7)] public double? Score { get; init; }

    [Id(8)] public double? Cpu { get; init; }

    [Id(9)] public double? MemoryGib { get; init; }

    [Id(10)] public double? InFlight { get; init; }

    [Id(11)] public double? LatencyMs { get; init; }

    [Id(12)] public double? Rps { get; init; }

    [Id(13)] public double? ErrorRate { get; init; }

    /// <summary>The number of an <see cref="InstanceState"/>.</summary>
    [Id(14)] public int State { get; init; }

    [Id(15)] public long? AgeMs { get; init; }

    [Id(16)] public bool IsStale { get; init; }

    public static InstanceViewWire From(InstanceView view) => new()
    {
        Id = view.Id,
        Address = view.Address,
        Protocol = view.Protocol,
        Zone = view.Zone,
        Lane = view.Lane,
        Version = view.Version,
        Weight = view.Weight,
        Score = view.Score,
        Cpu = view.Cpu,
        MemoryGib = view.MemoryGib,
        InFlight = view.InFlight,
        LatencyMs = view.LatencyMs,
        Rps = view.Rps,
        ErrorRate = view.ErrorRate,
        State = (int)view.State,
        AgeMs = view.AgeMs,
        IsStale = view.IsStale,
    };

    public InstanceView ToCore() => new()
    {
        Id = Id,
        Address = Address,
        Protocol = Protocol,
        Zone = Zone,
        Lane = Lane,
        Version = Version,
        Weight = Weight,
        Score = Score,
        Cpu = Cpu,
        MemoryGib = MemoryGib,
        InFlight = InFlight,
        LatencyMs = LatencyMs,
        Rps = Rps,
        ErrorRate = ErrorRate,
        State = (InstanceState)State,
        AgeMs = AgeMs,
        IsStale = IsStale,
    };
}
