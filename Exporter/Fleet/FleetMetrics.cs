using System.Diagnostics.Metrics;
using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Exporter.Load;
using Fairway.Exporter.Probing;

namespace Fairway.Exporter.Fleet;

/// <summary>
/// Every instance's figures, asked for at each scrape, in Prometheus's base units: an instance that left has no series, nor has a
/// figure that was never reported.
/// </summary>
internal sealed class FleetMetrics
{
    private const double BytesInGib = 1024d * 1024 * 1024;

    private static readonly (Refusal Reason, string Label)[] Refusals =
    [
        (Refusal.NonFinite, "non_finite"), (Refusal.Negative, "negative"),
        (Refusal.TooLarge, "too_large"), (Refusal.Undecodable, "undecodable"),
    ];

    private readonly InstanceFleet _fleet;

    public FleetMetrics(IMeterFactory factory, InstanceFleet fleet, TimeProvider time)
    {
        _fleet = fleet;
        var meter = factory.Create(ExporterMetrics.MeterName);
        Gauge("fairway_instance_up", "1 while the last checks found it alive, 0 while down.",
            figures => figures.Life switch { Life.Up => 1, Life.Down => 0, _ => double.NaN });
        Load("fairway_instance_cpu_ratio", "Share of the granted processor in use.", load => load.Cpu);
        Load("fairway_instance_memory_bytes", "Resident memory.", load => load.MemoryGib * BytesInGib);
        Load("fairway_instance_in_flight", "Requests being served.", load => load.InFlight);
        Load("fairway_instance_latency_seconds", "Mean latency of the last interval.", load => load.LatencyMs / 1000);
        Load("fairway_instance_requests_per_second", "Requests a second.", load => load.Rps);
        Load("fairway_instance_error_ratio", "Failed requests among all.", load => load.ErrorRate);
        Gauge("fairway_instance_load_age_seconds", "Age of its last load sample.",
            figures => figures.Sample is { } sample ? time.GetElapsedTime(sample.At).TotalSeconds : double.NaN);
        Gauge("fairway_instance_report_interval_seconds", "The interval at which it reports load.",
            figures => figures.Sample?.Interval.TotalSeconds ?? double.NaN);
        meter.CreateObservableCounter("fairway_probe_failures_total",
            () => Each().Select(each => new Measurement<long>(each.Figures.Failures, each.Labels)), description: "Checks that failed.");
        meter.CreateObservableCounter("fairway_load_reports_total",
            () => Each().Select(each => new Measurement<long>(each.Figures.Reports, each.Labels)), description: "Load reports received, refused ones too.");
        meter.CreateObservableCounter("fairway_load_refused_total", Refused, description: "Load reports refused as garbage.");

        void Load(string name, string help, Func<LoadSample, double> figure) =>
            Gauge(name, help, figures => figures.Sample is { } sample ? figure(sample.Load) : double.NaN);

        void Gauge(string name, string help, Func<InstanceFigures, double> figure) => meter.CreateObservableGauge(
            name,
            () => from each in Each()
                  let value = figure(each.Figures)
                  where !double.IsNaN(value)
                  select new Measurement<double>(value, each.Labels),
            description: help);
    }

    private IEnumerable<Measurement<long>> Refused() =>
        from each in Each()
        from refusal in Refusals
        let count = each.Figures.RefusedFor(refusal.Reason)
        where count > 0
        select new Measurement<long>(count, [.. each.Labels, new("reason", refusal.Label)]);

    private IEnumerable<(InstanceFigures Figures, KeyValuePair<string, object?>[] Labels)> Each() =>
        from member in _fleet.Members
        select (member.Prober.Figures, member.Labels);
}
