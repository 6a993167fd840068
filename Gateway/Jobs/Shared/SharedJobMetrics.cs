using System.Diagnostics.Metrics;

namespace Fairway.Gateway.Jobs.Shared;

/// <summary>What the job queue of a cluster counts, on the meter <c>Fairway.Jobs</c>.</summary>
internal sealed class SharedJobMetrics
{
    private readonly Counter<long> _taken;
    private readonly QueueUpGauge _up;

    public SharedJobMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Fairway.Jobs");
        _up = new QueueUpGauge(meter);
        _taken = meter.CreateCounter<long>(
            "fairway_jobs_taken_total", "{job}", "Jobs taken here, by how this process knew of them: stream, or search where no stream told in time.");
    }

    /// <summary>Tells how to see whether jobs can be put in and come out.</summary>
    public void Watch(Func<bool> isUp) => _up.Watch(isUp);

    public void Taken(string by) => _taken.Add(1, new KeyValuePair<string, object?>("by", by));
}
