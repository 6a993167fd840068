using System.Diagnostics.Metrics;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>What the job queue on RabbitMQ counts, on the meter <c>Fairway.Jobs</c>.</summary>
internal sealed class RabbitJobMetrics
{
    private readonly Counter<long> _redelivered;
    private readonly Counter<long> _dead;
    private readonly QueueUpGauge _up;

    public RabbitJobMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Fairway.Jobs");
        _up = new QueueUpGauge(meter);
        _redelivered = meter.CreateCounter<long>(
            "fairway_jobs_redelivered_total", "{job}", "Jobs handed out again, by what was done: run, attached (it still runs here), done (it had ended).");
        _dead = meter.CreateCounter<long>("fairway_jobs_dead_total", "{job}", "Jobs given up here, by reason: malformed, attempts.");
    }

    /// <summary>Tells how to see whether jobs can be put in and come out.</summary>
    public void Watch(Func<bool> isUp) => _up.Watch(isUp);

    public void Redelivered(string what) => _redelivered.Add(1, new KeyValuePair<string, object?>("as", what));

    public void Dead(string reason) => _dead.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
