using System.Diagnostics.Metrics;
using Fairway.Core.Lanes;

namespace Fairway.Sdk.Lanes;

/// <summary>Decisions of the router in this process, meter <c>Fairway.Sdk.Lanes</c>.</summary>
internal sealed class LaneRouteMetrics
{
    private readonly Counter<long> _unknown;
    private readonly Counter<long> _decisions;

    public LaneRouteMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Fairway.Sdk.Lanes");
        _unknown = meter.CreateCounter<long>("fairway_lane_unknown_total", "{decision}", "Decisions for a label that names no living lane.");
        _decisions = meter.CreateCounter<long>("fairway_lane_decisions_total", "{decision}", "Decisions, by rule and code; an empty code is a route.");
    }

    public void Decided(in LaneDecision decision)
    {
        if (decision.IsLabelUnknown)
        {
            _unknown.Add(1);
        }

        _decisions.Add(1, new("rule", RouteWords.NameOf(decision.Rule)), new("code", decision.Code ?? ""));
    }
}
