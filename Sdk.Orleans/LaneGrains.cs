using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;

namespace Fairway.Sdk.Orleans;

/// <summary>Which silos run a grain type, by lane: what services' instances are to other routers.</summary>
public interface IGrainPools
{
    LanePools Of(GrainType type);
}

/// <summary>
/// Grains by the current label, by the rules of <see cref="LaneRouter"/>: a grain type is declared in a lane like a service, under
/// the name of its type, and a silo's lane is its <c>COLORING_ENV</c>.
/// </summary>
public sealed class LaneGrains(IGrainFactory grains, ILaneTables tables, IGrainPools pools)
{
    /// <summary>The grain in the lane that the current label asks for where the lane has its type, else in base.</summary>
    /// <exception cref="LaneRouteException"><c>LANE_SERVICE_DOWN</c> or <c>NO_PROVIDER</c>.</exception>
    public TGrain Get<TGrain>(string key)
        where TGrain : IGrainWithStringKey
    {
        var label = LaneContext.Current;
        var type = grains.GetGrain<TGrain>(LaneGrainKey.Qualify(key, null)).GetGrainId().Type;
        var decision = LaneRouter.Decide(type.ToString()!, label.Lane, label.Offline, pools.Of(type), tables.Current);
        LaneTrail.Decided(type.ToString()!, decision);
        return decision.Code is { } code
            ? throw new LaneRouteException(code, $"{code}: nobody may run {type} for {RouteWords.Line(decision)}.")
            : grains.GetGrain<TGrain>(LaneGrainKey.Qualify(key, decision.Lane));
    }
}

/// <summary>A call that goes nowhere, with the stable code of why.</summary>
[GenerateSerializer]
[Alias("fairway.LaneRouteException")]
public sealed class LaneRouteException : Exception
{
    public LaneRouteException(string code, string message)
        : base(message) => Code = code;

    /// <summary>One of <see cref="RouteCodes"/>.</summary>
    [Id(0)]
    public string Code { get; private set; }
}
