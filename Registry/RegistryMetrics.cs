using System.Diagnostics.Metrics;

namespace Fairway.Registry;

/// <summary>What the registry's client measures, on the meter <c>Fairway.Registry</c>.</summary>
public sealed class RegistryMetrics
{
    private readonly Histogram<double> _requests;
    private readonly Counter<long> _failovers;
    private readonly Counter<long> _watchLosses;
    private readonly Counter<long> _leaseLosses;

    public RegistryMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Fairway.Registry");
        _requests = meter.CreateHistogram<double>(
            "fairway_registry_request_duration_seconds", "s", "Time of one attempt of a registry call, by method and status.");
        _failovers = meter.CreateCounter<long>("fairway_registry_failovers_total", description: "Changes to another member of etcd.");
        _watchLosses = meter.CreateCounter<long>("fairway_registry_watch_losses_total", description: "Watches that broke or fell behind.");
        _leaseLosses = meter.CreateCounter<long>("fairway_registry_lease_losses_total", description: "Leases that ended unasked.");
    }

    internal void Request(string method, string status, TimeSpan elapsed) => _requests.Record(
        elapsed.TotalSeconds, new KeyValuePair<string, object?>("method", method), new KeyValuePair<string, object?>("status", status));

    internal void FailedOver() => _failovers.Add(1);

    internal void WatchLost() => _watchLosses.Add(1);

    internal void LeaseLost() => _leaseLosses.Add(1);
}
