namespace Fairway.Sdk.Orleans;

/// <summary>The one call by which a silo carries labels.</summary>
public static class LaneSiloExtensions
{
    /// <summary>Labels go with every grain call, into this silo and out of it.</summary>
    public static ISiloBuilder AddLanes(this ISiloBuilder silo) =>
        silo.AddIncomingGrainCallFilter<LaneCallFilter>().AddOutgoingGrainCallFilter<LaneCallFilter>();
}
