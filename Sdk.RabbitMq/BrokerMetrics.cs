using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Fairway.Sdk.RabbitMq;

/// <summary>What links to a broker measure, on the meter <c>Fairway.RabbitMq</c>.</summary>
public sealed class BrokerMetrics
{
    public const string MeterName = "Fairway.RabbitMq";

    private readonly ConcurrentDictionary<string, bool> _links = new(StringComparer.Ordinal);
    private readonly Counter<long> _connects;
    private readonly Counter<long> _losses;
    private readonly Counter<long> _published;
    private readonly Histogram<double> _confirms;

    public BrokerMetrics(IMeterFactory meters)
    {
        Meter = meters.Create(MeterName);
        Meter.CreateObservableGauge(
            "fairway_broker_connected", () => _links.Select(link => new Measurement<int>(link.Value ? 1 : 0, Tag("link", link.Key))),
            description: "1 while the link has its connection.");
        _connects = Meter.CreateCounter<long>("fairway_broker_connects_total", description: "Connections made to the broker, by link.");
        _losses = Meter.CreateCounter<long>("fairway_broker_losses_total", description: "Connections lost or not made, by link.");
        _published = Meter.CreateCounter<long>(
            "fairway_broker_published_total", "{message}", "Messages published, by link and result: confirmed, refused, away.");
        _confirms = Meter.CreateHistogram<double>("fairway_broker_confirm_duration_seconds", "s", "From publishing to the broker's confirm.");
    }

    internal Meter Meter { get; }

    internal void Connected(string link)
    {
        _links[link] = true;
        _connects.Add(1, Tag("link", link));
    }

    internal void Lost(string link)
    {
        _links[link] = false;
        _losses.Add(1, Tag("link", link));
    }

    internal void Closed(string link) => _links.TryRemove(link, out _);

    internal void Confirmed(string link, TimeSpan elapsed)
    {
        Published(link, "confirmed");
        _confirms.Record(elapsed.TotalSeconds);
    }

    internal void Published(string link, string result) => _published.Add(1, Tag("link", link), Tag("result", result));

    internal static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);
}
