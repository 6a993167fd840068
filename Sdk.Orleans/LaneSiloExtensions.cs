using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Sdk.Orleans;

/// <summary>The one call by which a silo, or a client of a cluster, carries labels.</summary>
public static class LaneSiloExtensions
{
    /// <summary>Labels go with every grain call, into this silo and out of it.</summary>
    public static ISiloBuilder AddLanes(this ISiloBuilder silo) => silo.ConfigureServices(services => services.AddGrainLanes());

    /// <summary>Labels go with every grain call of this process, whether it has a silo or is a client.</summary>
    public static IServiceCollection AddGrainLanes(this IServiceCollection services) => services
        .AddSingleton<IIncomingGrainCallFilter, LaneCallFilter>()
        .AddSingleton<IOutgoingGrainCallFilter, LaneCallFilter>();
}
