using System.Diagnostics.Metrics;

namespace Fairway.Silo.Membership;

/// <summary>The cluster in figures. Made at the start of the host, so that the first scrape has them.</summary>
internal sealed class MembershipMetrics : IHostedService
{
    public MembershipMetrics(IMeterFactory meters, IMembershipView view)
    {
        var meter = meters.Create("Fairway.Silo");
        meter.CreateObservableGauge("fairway_silo_active", () => view.IsActive ? 1 : 0, description: "Whether this process's silo takes part in its cluster.");
        meter.CreateObservableGauge(
            "fairway_cluster_silos",
            () => view.Silos.Select(state => new Measurement<int>(state.Value, new KeyValuePair<string, object?>("state", state.Key))),
            description: "Silos of the cluster by their state, as this one sees it; dead ones are not counted.");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
