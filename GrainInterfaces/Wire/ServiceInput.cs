using System.Collections.Immutable;
using Fairway.GrainInterfaces.Directory;

namespace Fairway.GrainInterfaces.Wire;

/// <summary>All that a service grain needs to build its service anew.</summary>
[GenerateSerializer, Immutable, Alias("fairway.ServiceInput")]
public sealed record ServiceInput
{
    [Id(0)] public required string Epoch { get; init; }

    /// <summary>The last update this already holds; the next one to apply is one more.</summary>
    [Id(1)] public required long InputSequence { get; init; }

    /// <summary>Snapshots from here on get sequences above this.</summary>
    [Id(2)] public required long SequenceFloor { get; init; }

    /// <summary>False when the service has neither instances nor policy nor declaration, or nothing was listed yet.</summary>
    [Id(3)] public required bool Exists { get; init; }

    [Id(4)] public ImmutableArray<InstanceWire> Instances { get; init; } = [];

    /// <summary>The latest status batch of each exporter and chunk.</summary>
    [Id(5)] public ImmutableArray<StatusWire> Statuses { get; init; } = [];

    [Id(6)] public PolicyWire? Policy { get; init; }

    /// <summary>Marks on addresses of this service's instances.</summary>
    [Id(7)] public ImmutableArray<OfflineWire> Offline { get; init; } = [];

    [Id(8)] public ImmutableArray<IDirectoryObserver> Observers { get; init; } = [];
}

/// <summary>What changed for one service since the update before.</summary>
[GenerateSerializer, Immutable, Alias("fairway.ServiceUpdate")]
public sealed record ServiceUpdate
{
    [Id(0)] public required string Epoch { get; init; }

    /// <summary>One more than that of the update before.</summary>
    [Id(1)] public required long InputSequence { get; init; }

    [Id(2)] public required bool Exists { get; init; }

    /// <summary>What happened, in order.</summary>
    [Id(3)] public ImmutableArray<ServiceStep> Steps { get; init; } = [];

    /// <summary>Whether <see cref="Offline"/> is the new whole.</summary>
    [Id(4)] public bool OfflineChanged { get; init; }

    [Id(5)] public ImmutableArray<OfflineWire> Offline { get; init; } = [];

    /// <summary>Whether <see cref="Observers"/> is the new whole.</summary>
    [Id(6)] public bool ObserversChanged { get; init; }

    [Id(7)] public ImmutableArray<IDirectoryObserver> Observers { get; init; } = [];
}

/// <summary>One change of a service: registrations and policy, or a status batch.</summary>
[GenerateSerializer, Immutable, Alias("fairway.ServiceStep")]
public sealed record ServiceStep
{
    /// <summary>Ids of instances that left; applied before <see cref="Put"/>.</summary>
    [Id(0)] public ImmutableArray<string> Removed { get; init; } = [];

    /// <summary>New or changed instances.</summary>
    [Id(1)] public ImmutableArray<InstanceWire> Put { get; init; } = [];

    /// <summary>Whether <see cref="Policy"/> is the new one; null then means none.</summary>
    [Id(2)] public bool PolicyChanged { get; init; }

    [Id(3)] public PolicyWire? Policy { get; init; }

    [Id(4)] public StatusWire? Status { get; init; }
}
