using System.Collections.Concurrent;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Fairway.Sdk.Orleans;

/// <summary>The active silos by lane, for each grain type; made anew when the cluster changes, and at most every 200 ms.</summary>
internal sealed class SiloPools(ISiloStatusOracle silos, ISiloMetadataCache metadata, IClusterManifestProvider manifests, TimeProvider time) : IGrainPools
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<GrainType, Made> _made = new();

    public LanePools Of(GrainType type)
    {
        if (_made.TryGetValue(type, out var made) && time.GetElapsedTime(made.At) < MaxAge)
        {
            return made.Pools;
        }

        var running = manifests.Current.Silos;
        var snapshot = new ServiceSnapshot
        {
            Service = type.ToString()!,
            Sequence = 0,
            GeneratedAt = time.GetUtcNow(),
            Instances =
            [
                .. silos.GetApproximateSiloStatuses(onlyActive: true).Keys
                    .Where(silo => running.TryGetValue(silo, out var manifest) && manifest.Grains.ContainsKey(type))
                    .Select(silo => new InstanceView
                    {
                        Id = silo.ToParsableString(),
                        Address = silo.Endpoint.ToString(),
                        Protocol = "orleans",
                        Zone = "",
                        Lane = LanePlacementDirector.LaneOf(metadata, silo),
                        State = InstanceState.Ready,
                    }),
            ],
        };
        var pools = LanePools.Of(snapshot);
        _made[type] = new Made(pools, time.GetTimestamp());
        return pools;
    }

    private sealed record Made(LanePools Pools, long At);
}
