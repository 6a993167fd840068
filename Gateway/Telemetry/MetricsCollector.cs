using System.Diagnostics.Metrics;

namespace Fairway.Gateway.Telemetry;

/// <summary>
/// Listens to this process's meters and adds up what they say: Fairway's own, the server's and the runtime's. It starts with
/// the process, so that counters count from there.
/// </summary>
public sealed class MetricsCollector : IHostedLifecycleService, IDisposable
{
    private static readonly string[] Prefixes = ["Fairway", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, InstrumentState> _states = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    /// <param name="meters">Meters that another factory made belong to another host in this process.</param>
    public MetricsCollector(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if ((instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, meters))
                && Prefixes.Any(prefix => instrument.Meter.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                listener.EnableMeasurementEvents(instrument, StateOf(instrument));
            }
        };
        _listener.SetMeasurementEventCallback<byte>(Record);
        _listener.SetMeasurementEventCallback<short>(Record);
        _listener.SetMeasurementEventCallback<int>(Record);
        _listener.SetMeasurementEventCallback<long>(Record);
        _listener.SetMeasurementEventCallback<float>(Record);
        _listener.SetMeasurementEventCallback<double>(Record);
        _listener.SetMeasurementEventCallback<decimal>(Record);
    }

    /// <summary>All families by name; observable instruments are read now.</summary>
    public IReadOnlyList<MetricFamily> Collect()
    {
        lock (_gate)
        {
            foreach (var state in _states.Values)
            {
                state.BeginObservation();
            }
        }

        _listener.RecordObservableInstruments();
        lock (_gate)
        {
            return [.. _states.Values.Select(state => state.Read()).Where(family => family.Series.Count > 0)];
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _listener.Start();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener.Dispose();

    private static void Record<T>(Instrument instrument, T measurement, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        where T : struct, IConvertible => ((InstrumentState)state!).Record(measurement.ToDouble(null), tags);

    /// <summary>Two instruments of one name are one family: their series are added up.</summary>
    private InstrumentState StateOf(Instrument instrument)
    {
        var (name, kind) = MetricNames.Of(instrument);
        lock (_gate)
        {
            return _states.TryGetValue(name, out var known) ? known : _states[name] = new InstrumentState(name, kind, instrument);
        }
    }
}
