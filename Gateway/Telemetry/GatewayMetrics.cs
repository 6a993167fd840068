using System.Diagnostics.Metrics;
using Fairway.Core.Telemetry;
using Fairway.Gateway.Directory;

namespace Fairway.Gateway.Telemetry;

/// <summary>What this Gateway says of itself.</summary>
public sealed class GatewayMetrics
{
    public GatewayMetrics(IMeterFactory meters, DirectoryStore store, EdgeRoll edges, TimeProvider clock)
    {
        var meter = meters.Create("Fairway.Gateway");
        ProcessMetrics.AddTo(meter);
        meter.CreateObservableGauge("fairway_gateway_services", () => store.Current.Services.Count, description: "Services in the directory.");
        meter.CreateObservableGauge(
            "fairway_gateway_instances", () => store.Current.Services.Values.Sum(entry => entry.Summary.Instances), description: "Instances in the directory.");
        meter.CreateObservableGauge(
            "fairway_gateway_usable_instances", () => store.Current.Services.Values.Sum(entry => entry.Summary.Usable), description: "Instances that requests may be sent to.");
        meter.CreateObservableGauge("fairway_gateway_waiting_readers", () => store.WaitingReaders, description: "Readers that wait for news of a list.");
        meter.CreateObservableGauge("fairway_gateway_edges", () => edges.Count, description: "Edges that read this Gateway's snapshot.");
        meter.CreateObservableGauge("fairway_gateway_ready", () => store.Current.Ready ? 1 : 0, description: "Whether the first listing is in.");
        meter.CreateObservableGauge(
            "fairway_gateway_stale_seconds",
            () => store.Current.StaleSince is { } since ? Math.Max(0, (clock.GetUtcNow() - since).TotalSeconds) : 0,
            "s", "For how long the lists may lag behind the registry; 0 when they do not.");
        meter.CreateObservableCounter("fairway_gateway_changes_total", () => store.Current.Counter, description: "Changes of the directory in this epoch.");
    }
}
