using System.Diagnostics.Metrics;

namespace Fairway.Grains;

/// <summary>What the directory's grains count, under the meter <see cref="MeterName"/>.</summary>
public sealed class DirectoryMetrics : IDisposable
{
    public const string MeterName = "Fairway.Grains";

    private readonly Meter _meter;
    private readonly Counter<long> _pushes;
    private readonly Counter<long> _pulls;
    private readonly Counter<long> _malformed;
    private readonly Counter<long> _lapsed;
    private readonly Counter<long> _restarts;
    private DirectoryFigures _figures;

    public DirectoryMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _meter = meters.Create(MeterName);
        _pushes = _meter.CreateCounter<long>("fairway_directory_pushes_total", "{push}", "Snapshots and tables sent to observers.");
        _pulls = _meter.CreateCounter<long>("fairway_directory_pulls_total", "{pull}", "Times a service grain asked for its whole input.");
        _malformed = _meter.CreateCounter<long>("fairway_registry_malformed_total", "{entry}", "Registry entries ignored because they could not be read.");
        _lapsed = _meter.CreateCounter<long>("fairway_directory_observers_lapsed_total", "{observer}", "Gateways dropped because they did not renew.");
        _restarts = _meter.CreateCounter<long>("fairway_registry_watch_faults_total", "{fault}", "Times the watch ended in an error and began again.");
        _meter.CreateObservableGauge("fairway_registry_revision", () => _figures.Revision, "{revision}", "The registry revision the watch has reached.");
        _meter.CreateObservableGauge(
            "fairway_registry_revision_lag", () => _figures.Lag, "{revision}", "Revisions the watch has reached and some service grain has not applied.");
        _meter.CreateObservableGauge("fairway_registry_stale", () => _figures.Stale ? 1 : 0, "{state}", "1 while the registry is away.");
        _meter.CreateObservableGauge("fairway_directory_services", () => _figures.Services, "{service}", "Services known.");
        _meter.CreateObservableGauge("fairway_directory_instances", () => _figures.Instances, "{instance}", "Instances known.");
        _meter.CreateObservableGauge("fairway_directory_observers", () => _figures.Observers, "{observer}", "Gateways subscribed.");
    }

    public void Pushed(int observers) => _pushes.Add(observers);

    public void Pulled() => _pulls.Add(1);

    public void Malformed(int entries) => _malformed.Add(entries);

    public void ObserverLapsed() => _lapsed.Add(1);

    public void WatchFaulted() => _restarts.Add(1);

    /// <summary>The watcher's state; the latest call is what the gauges show.</summary>
    public void Report(DirectoryFigures figures) => _figures = figures;

    public void Dispose() => _meter.Dispose();
}

/// <summary>What the gauges of <see cref="DirectoryMetrics"/> show.</summary>
public readonly record struct DirectoryFigures(long Revision, long Lag, bool Stale, int Services, int Instances, int Observers);
