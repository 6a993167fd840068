namespace Fairway.Gateway.Telemetry;

/// <summary>The kinds of Prometheus's text format that are used here.</summary>
public enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>All series of one metric.</summary>
/// <param name="Name">As Prometheus spells it.</param>
/// <param name="Help">What it counts; may be empty.</param>
public sealed record MetricFamily(string Name, MetricKind Kind, string Help, IReadOnlyList<MetricSeries> Series);

/// <summary>One series: a value, or the buckets of a histogram.</summary>
/// <param name="Labels">Names and values, in order of names.</param>
/// <param name="Value">The value; of a histogram the sum.</param>
/// <param name="Buckets">Upper bounds and how many observations are in that bucket alone, the last bound infinite; null but for histograms.</param>
public sealed record MetricSeries(
    IReadOnlyList<KeyValuePair<string, string>> Labels, double Value, IReadOnlyList<(double Bound, long Count)>? Buckets = null);
