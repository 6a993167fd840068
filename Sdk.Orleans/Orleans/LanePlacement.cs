using Fairway.Core.Lanes;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Fairway.Sdk.Orleans;

/// <summary>Grains of this class run in the lane that their key names, on silos of that lane only; see <see cref="LaneGrains"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class LanePlacementAttribute() : PlacementAttribute(new LanePlacement());

/// <summary>The strategy of <see cref="LanePlacementAttribute"/>.</summary>
[GenerateSerializer]
[Immutable]
[Alias("fairway.LanePlacement")]
public sealed class LanePlacement : PlacementStrategy;

/// <summary>Base keys go to silos without a lane, lane keys to silos of that lane; never anywhere else.</summary>
internal sealed class LanePlacementDirector(ISiloMetadataCache metadata) : IPlacementDirector
{
    /// <summary>The silo metadata that has the lane.</summary>
    public const string LaneKey = "lane";

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var (lane, _) = LaneGrainKey.Parse(target.GrainIdentity.Key.ToString()!);
        var silos = context.GetCompatibleSilos(target).Where(silo => LaneOf(metadata, silo) == lane).ToArray();
        if (silos.Length == 0)
        {
            var code = lane.Length > 0 ? RouteCodes.LaneServiceDown : RouteCodes.NoProvider;
            return Task.FromException<SiloAddress>(new LaneRouteException(code, $"{code}: no silo of {(lane.Length > 0 ? $"lane {lane}" : "base")} runs {target.GrainIdentity.Type}."));
        }

        return Task.FromResult(IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) ?? silos[Random.Shared.Next(silos.Length)]);
    }

    public static string LaneOf(ISiloMetadataCache metadata, SiloAddress silo) =>
        metadata.GetSiloMetadata(silo).Metadata.TryGetValue(LaneKey, out var lane) ? lane : "";
}
