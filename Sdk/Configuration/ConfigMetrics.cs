using System.Diagnostics.Metrics;

namespace Fairway.Sdk.Configuration;

/// <summary>Metrics of the configuration centre, meter <c>Fairway.Sdk.Config</c>.</summary>
public sealed class ConfigMetrics
{
    public const string MeterName = "Fairway.Sdk.Config";

    private readonly Meter _meter;
    private readonly Counter<long> _changes;
    private readonly Counter<long> _failures;

    public ConfigMetrics(IMeterFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        _meter = factory.Create(MeterName);
        _changes = _meter.CreateCounter<long>("fairway_config_changes_total", "{change}", "Changes of a namespace's values.");
        _failures = _meter.CreateCounter<long>("fairway_config_failures_total", "{try}", "Tries to read a source that failed, by code.");
    }

    internal void Watch(ConfigCentre centre) => _meter.CreateObservableGauge(
        "fairway_config_stale",
        () => centre.Namespaces.Select(name => new Measurement<int>(centre.IsStale(name) ? 1 : 0, Tag("namespace", name))),
        "{namespace}",
        "1 while a namespace's source is not reached.");

    internal void Changed(string space) => _changes.Add(1, Tag("namespace", space));

    internal void Failed(string space, string code) => _failures.Add(1, Tag("namespace", space), Tag("code", code));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
