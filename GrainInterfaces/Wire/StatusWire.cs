using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Scoring;

namespace Fairway.GrainInterfaces.Wire;

/// <summary>What one exporter last put in one chunk; <see cref="Gone"/> when its lease took the key away.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Status")]
public sealed record StatusWire(
    [property: Id(0)] string Exporter,
    [property: Id(1)] string Chunk,
    [property: Id(2)] bool Gone,
    [property: Id(3)] ImmutableArray<InstanceStatusWire> Items)
{
    public static StatusWire From(string exporter, string chunk, StatusBatch? batch) => new(
        exporter, chunk, batch is null, batch is null ? [] : ImmutableArray.CreateRange(batch.Items, InstanceStatusWire.From));

    public StatusBatch ToCore() => new(ImmutableArray.CreateRange(Items, item => item.ToCore()));
}

/// <summary>An <see cref="InstanceStatus"/> between grains.</summary>
[GenerateSerializer, Immutable, Alias("fairway.InstanceStatus")]
public sealed record InstanceStatusWire
{
    [Id(0)] public required string Id { get; init; }

    /// <summary>The number of a <see cref="Core.Directory.Life"/>.</summary>
    [Id(1)] public int Life { get; init; }

    [Id(2)] public string? DownReason { get; init; }

    [Id(3)] public LoadSampleWire? Sample { get; init; }

    [Id(4)] public bool SampledAgain { get; init; }

    [Id(5)] public TimeSpan SampleAge { get; init; }

    [Id(6)] public TimeSpan ReportInterval { get; init; }

    public static InstanceStatusWire From(InstanceStatus status) => new()
    {
        Id = status.Id,
        Life = (int)status.Life,
        DownReason = status.DownReason,
        Sample = status.Sample is { } sample ? LoadSampleWire.From(sample) : null,
        SampledAgain = status.SampledAgain,
        SampleAge = status.SampleAge,
        ReportInterval = status.ReportInterval,
    };

    public InstanceStatus ToCore() => new()
    {
        Id = Id,
        Life = (Life)Life,
        DownReason = DownReason,
        Sample = Sample?.ToCore(),
        SampledAgain = SampledAgain,
        SampleAge = SampleAge,
        ReportInterval = ReportInterval,
    };
}

/// <summary>A <see cref="LoadSample"/>; NaN where the instance reported nothing.</summary>
[GenerateSerializer, Immutable, Alias("fairway.LoadSample")]
public sealed record LoadSampleWire(
    [property: Id(0)] double Cpu,
    [property: Id(1)] double MemoryGib,
    [property: Id(2)] double InFlight,
    [property: Id(3)] double LatencyMs,
    [property: Id(4)] double Rps,
    [property: Id(5)] double ErrorRate)
{
    public static LoadSampleWire From(LoadSample sample) =>
        new(sample.Cpu, sample.MemoryGib, sample.InFlight, sample.LatencyMs, sample.Rps, sample.ErrorRate);

    public LoadSample ToCore() => new(Cpu, MemoryGib, InFlight, LatencyMs, Rps, ErrorRate);
}
