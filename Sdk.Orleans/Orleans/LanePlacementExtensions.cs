using Fairway.Sdk.Lanes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Fairway.Sdk.Orleans;

/// <summary>Lanes of grains over the silos of a cluster.</summary>
public static class LanePlacementExtensions
{
    /// <summary>
    /// Gives this silo its lane (<c>COLORING_ENV</c> wins over <paramref name="lane"/>; empty is base), carries labels, and places
    /// grains with <see cref="LanePlacementAttribute"/>. Needs the registry (<c>AddFairway</c>) or an <see cref="ILaneTables"/> of one's own.
    /// </summary>
    public static ISiloBuilder AddLanePlacement(this ISiloBuilder silo, string lane = "")
    {
        var own = Environment.GetEnvironmentVariable("COLORING_ENV") ?? lane;
        silo.UseSiloMetadata(own.Length > 0
            ? new Dictionary<string, string>(StringComparer.Ordinal) { [LanePlacementDirector.LaneKey] = own }
            : []);
        silo.AddLanes().AddPlacementDirector<LanePlacement, LanePlacementDirector>();
        silo.Services.TryAddSingleton(TimeProvider.System);
        if (!silo.Services.Any(service => service.ServiceType == typeof(ILaneTables)))
        {
            silo.Services.AddSingleton<LaneTables>();
            silo.Services.AddSingleton<ILaneTables>(provider => provider.GetRequiredService<LaneTables>());
            silo.Services.AddHostedService(provider => provider.GetRequiredService<LaneTables>());
        }

        silo.Services.AddSingleton<IGrainPools, SiloPools>();
        silo.Services.AddSingleton<LaneGrains>();
        return silo;
    }
}
