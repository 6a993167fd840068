using Fairway.Grains;
using Fairway.Storage;
using Orleans.Metadata;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Fairway.Silo.Orleans;

/// <summary>
/// Where users' grains go: to the silos whose history reaches furthest, so that one without a database, or without a folder, joins a cluster
/// that has them and keeps nobody's answers to itself.
/// </summary>
[GenerateSerializer]
[Immutable]
[Alias("fairway.HistoryPlacement")]
internal sealed class HistoryPlacement : PlacementStrategy
{
    /// <summary>The silo metadata that says how far: a name of <see cref="StorageReach"/>.</summary>
    public const string ReachKey = "history";
}

/// <summary>Gives the strategy to the grains that keep history; they are written for both engines, and only this one places.</summary>
internal sealed class HistoryPlacementProperties(IServiceProvider services) : IGrainPropertiesProvider
{
    private readonly HistoryPlacement _strategy = new();

    public void Populate(Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        if (GrainServices.NeedHistory.Contains(grainClass))
        {
            _strategy.PopulateGrainProperties(services, grainClass, grainType, properties);
        }
    }
}

/// <summary>Any of the best silos, at random.</summary>
internal sealed class HistoryPlacementDirector(ISiloMetadataCache metadata) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        var furthest = silos.Max(ReachOf);
        var best = Array.FindAll(silos, silo => ReachOf(silo) == furthest);
        return Task.FromResult(IPlacementDirector.GetPlacementHint(target.RequestContextData, best) ?? best[Random.Shared.Next(best.Length)]);
    }

    private StorageReach ReachOf(SiloAddress silo) =>
        metadata.GetSiloMetadata(silo).Metadata.TryGetValue(HistoryPlacement.ReachKey, out var reach) && Enum.TryParse<StorageReach>(reach, out var known)
            ? known
            : StorageReach.Memory;
}
