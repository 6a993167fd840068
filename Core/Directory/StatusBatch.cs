using System.Collections.Immutable;
using Fairway.Core.Scoring;

namespace Fairway.Core.Directory;

/// <summary>Whether a probe last found an instance alive.</summary>
public enum Life
{
    /// <summary>The sender makes no statement.</summary>
    Unstated,
    Up,
    Down,

    /// <summary>It was down when another exporter took over its probing: down until that one, or another, speaks of it.</summary>
    Yielded,
}

/// <summary>
/// What one exporter says in one put under <c>status/{service}/{exporter}/{chunk}</c>. Every batch names all
/// instances that the exporter holds down, so that a late reader learns of them; of the rest only what changed.
/// </summary>
public sealed record StatusBatch(ImmutableArray<InstanceStatus> Items)
{
    /// <summary>
    /// The exporter's name of statuses posted over HTTP; the chunk is the instance's id. What such a post calls
    /// down stays down until one says up: a post that says neither changes nothing.
    /// </summary>
    public const string HttpExporter = "http";
}

/// <summary>One instance in a <see cref="StatusBatch"/>. Only durations travel, never clock readings.</summary>
public sealed record InstanceStatus
{
    public required string Id { get; init; }

    public Life Life { get; init; }

    /// <summary>Why it is down, for people.</summary>
    public string? DownReason { get; init; }

    /// <summary>A new load sample; null when there is none to tell.</summary>
    public LoadSample? Sample { get; init; }

    /// <summary>The instance reported again and its figures were those of its last sample.</summary>
    public bool SampledAgain { get; init; }

    /// <summary>Age of the sample when the batch was put.</summary>
    public TimeSpan SampleAge { get; init; }

    /// <summary>The interval at which the instance reports.</summary>
    public TimeSpan ReportInterval { get; init; }
}
