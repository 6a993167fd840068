using System.Diagnostics.Metrics;

namespace Fairway.Gateway.Jobs;

/// <summary><c>fairway_jobs_queue_up</c>: whether the server that keeps the jobs answers.</summary>
internal sealed class QueueUpGauge
{
    private Func<bool> _isUp = () => false;

    public QueueUpGauge(Meter meter) => meter.CreateObservableGauge(
        "fairway_jobs_queue_up", () => _isUp() ? 1 : 0, description: "1 while jobs can be put where they are kept and come out.");

    /// <summary>Tells how to see it.</summary>
    public void Watch(Func<bool> isUp) => _isUp = isUp;
}
