using Fairway.GrainInterfaces.Wire;
using Orleans.Concurrency;

namespace Fairway.GrainInterfaces.Directory;

/// <summary>One service, the key its name: windows, scores and weights of its instances, published as snapshots.</summary>
[Alias("fairway.IServiceGrain")]
public interface IServiceGrain : IGrainWithStringKey
{
    /// <summary>
    /// Takes what changed since the update before, and publishes when that moves the list. A grain that misses an update, or
    /// is new, asks <see cref="IRegistryGrain.GetService"/> for the whole. Returns the sequence of the snapshot in force.
    /// </summary>
    [Alias("Apply")]
    Task<long> Apply(ServiceUpdate update);

    /// <summary>The snapshot in force; null when the service is unknown or the registry was never listed.</summary>
    [Alias("GetSnapshot")]
    [AlwaysInterleave]
    Task<ServiceSnapshotWire?> GetSnapshot(CancellationToken cancellationToken = default);
}
