using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Fairway.Core.Telemetry;

/// <summary>
/// Keeps the sums of the instruments of one meter factory and writes them as Prometheus text. Instruments are named as they
/// are to appear (<c>fairway_puts_total</c>); their descriptions become the help text. Observable instruments are asked at each
/// scrape, and series they no longer name are gone. Thread-safe.
/// </summary>
public sealed class MeterScrape : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, MeterFamily> _families = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <param name="owned">Which meters to read; compare <see cref="Meter.Scope"/> with the factory, since meters are global to a process.</param>
    /// <param name="without">Which of their instruments to leave out; null for none.</param>
    public MeterScrape(Func<Meter, bool> owned, Func<Instrument, bool>? without = null)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (owned(instrument.Meter) && without?.Invoke(instrument) != true)
            {
                // Without the lock of scrapes: this runs within a lock of the runtime, and often within the initializer of a class whose
                // instruments a scrape that is under way asks for.
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument.Name, static (_, first) => MeterFamily.Of(first), instrument));
            }
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, labels, family) => Add(family, value, labels));
        _listener.SetMeasurementEventCallback<float>(static (_, value, labels, family) => Add(family, value, labels));
        _listener.SetMeasurementEventCallback<long>(static (_, value, labels, family) => Add(family, value, labels));
        _listener.SetMeasurementEventCallback<int>(static (_, value, labels, family) => Add(family, value, labels));
        _listener.SetMeasurementEventCallback<short>(static (_, value, labels, family) => Add(family, value, labels));
        _listener.SetMeasurementEventCallback<byte>(static (_, value, labels, family) => Add(family, value, labels));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, labels, family) => Add(family, (double)value, labels));
        _listener.Start();
    }

    /// <summary>Asks the observable instruments and writes all families, by name.</summary>
    public string Write()
    {
        lock (_gate)
        {
            var families = _families.ToArray(); // what is published from now on is for the next scrape
            foreach (var (_, family) in families)
            {
                family.BeginScrape();
            }

            _listener.RecordObservableInstruments();
            var text = new PrometheusText();
            foreach (var (_, family) in families.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            {
                family.Write(text);
            }

            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private static void Add(object? family, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels) =>
        ((MeterFamily)family!).Add(value, labels);
}
