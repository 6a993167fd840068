using Orleans.Hosting;

namespace Fairway.Sdk.Orleans;

/// <summary>The one call by which a client of a cluster carries labels.</summary>
public static class LaneClientExtensions
{
    /// <summary>Labels go with every grain call of this client.</summary>
    public static IClientBuilder AddLanes(this IClientBuilder client) => client.AddOutgoingGrainCallFilter<LaneCallFilter>();
}
