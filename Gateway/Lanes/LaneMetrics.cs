using System.Diagnostics.Metrics;
using Fairway.Core.Lanes;
using Fairway.Gateway.Directory;

namespace Fairway.Gateway.Lanes;

/// <summary>Lanes in figures: what each holds, and what was decided.</summary>
public sealed class LaneMetrics
{
    private readonly Counter<long> _unknown;
    private readonly Counter<long> _decisions;

    public LaneMetrics(IMeterFactory meters, DirectoryStore store)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(store);
        var meter = meters.Create("Fairway.Gateway.Lanes");
        _unknown = meter.CreateCounter<long>("fairway_lane_unknown_total", description: "Decisions for a label that names no living lane.");
        _decisions = meter.CreateCounter<long>(
            "fairway_lane_decisions_total", description: "Decisions asked for, by rule and code; an empty code is a route.");
        meter.CreateObservableGauge("fairway_lanes", () => store.Current.Tables.Lanes.Count, description: "Lanes in the environment list.");
        meter.CreateObservableGauge(
            "fairway_lane_declarations", () => ByLane(store, static (snapshot, lane) => snapshot.Tables.Declarations.GetValueOrDefault(lane, []).Length),
            description: "Services that a lane declares, by lane.");
        meter.CreateObservableGauge(
            "fairway_lane_instances", () => Instances(store, usable: false), description: "Instances, by lane; base is 'base'.");
        meter.CreateObservableGauge(
            "fairway_lane_usable_instances", () => Instances(store, usable: true), description: "Instances that requests may be sent to, by lane.");
    }

    public void Decided(RouteDecision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        if (decision.IsLabelUnknown)
        {
            _unknown.Add(1);
        }

        _decisions.Add(1, Tag("rule", RouteWords.NameOf(decision.Rule)), Tag("code", decision.Code ?? ""));
    }

    private static IEnumerable<Measurement<int>> ByLane(DirectoryStore store, Func<Core.Directory.DirectorySnapshot, string, int> figure)
    {
        var snapshot = store.Current;
        return snapshot.Tables.Lanes.Keys.Select(lane => new Measurement<int>(figure(snapshot, lane), Tag("lane", lane)));
    }

    /// <summary>Base and the lanes of the environment list, so that no registrant can make up time series.</summary>
    private static List<Measurement<int>> Instances(DirectoryStore store, bool usable)
    {
        var snapshot = store.Current;
        var counts = snapshot.Tables.Lanes.Keys.Prepend("").ToDictionary(lane => lane, _ => 0, StringComparer.Ordinal);
        foreach (var instance in snapshot.Services.Values.SelectMany(entry => entry.Snapshot.Instances))
        {
            if ((!usable || instance.IsUsable) && counts.TryGetValue(instance.Lane, out var count))
            {
                counts[instance.Lane] = count + 1;
            }
        }

        return [.. counts.Select(pair => new Measurement<int>(pair.Value, Tag("lane", pair.Key.Length == 0 ? "base" : pair.Key)))];
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
