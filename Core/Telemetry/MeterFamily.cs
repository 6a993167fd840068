using System.Diagnostics.Metrics;

namespace Fairway.Core.Telemetry;

/// <summary>The series of one instrument: sums, last values, or buckets.</summary>
internal sealed class MeterFamily
{
    // A label that takes any value would fill the memory; what comes after this many series is not kept.
    private const int MaxSeries = 100_000;

    // Seconds; what web requests are usually measured by.
    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly string _name;
    private readonly string? _help;
    private readonly MetricType _type;
    private readonly bool _observable;
    private readonly bool _adds;
    private readonly double[] _bounds;
    private readonly Dictionary<LabelSet, Series> _series = [];
    private readonly Dictionary<LabelSet, Series>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> _lookup;
    private readonly Lock _gate = new();

    private MeterFamily(Instrument instrument, MetricType type, bool adds, double[] bounds)
    {
        _name = MetricNames.Of(instrument, type);
        _help = instrument.Description;
        _type = type;
        _adds = adds;
        _bounds = bounds;
        _observable = instrument.IsObservable;
        _series = new Dictionary<LabelSet, Series>(LabelSetComparer.Instance);
        _lookup = _series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
    }

    public static MeterFamily Of(Instrument instrument)
    {
        var kind = instrument.GetType();
        var definition = kind.IsGenericType ? kind.GetGenericTypeDefinition() : kind;
        return definition == typeof(Histogram<>) ? new(instrument, MetricType.Histogram, adds: true, Bounds(instrument))
            : definition == typeof(Counter<>) ? new(instrument, MetricType.Counter, adds: true, [])
            : definition == typeof(ObservableCounter<>) ? new(instrument, MetricType.Counter, adds: false, [])
            : definition == typeof(UpDownCounter<>) ? new(instrument, MetricType.Gauge, adds: true, [])
            : new(instrument, MetricType.Gauge, adds: false, []);
    }

    public void BeginScrape()
    {
        if (_observable)
        {
            lock (_gate)
            {
                _series.Clear();
            }
        }
    }

    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        lock (_gate)
        {
            if (!_lookup.TryGetValue(labels, out var series))
            {
                if (_series.Count >= MaxSeries)
                {
                    return;
                }

                _lookup[labels] = series = new Series(labels, _type == MetricType.Histogram ? _bounds.Length + 1 : 0);
            }

            series.Value = _adds ? series.Value + value : value;
            if (_type == MetricType.Histogram)
            {
                var bucket = Array.FindIndex(_bounds, bound => value <= bound);
                series.Buckets[bucket < 0 ? _bounds.Length : bucket]++;
            }
        }
    }

    public void Write(PrometheusText text)
    {
        lock (_gate)
        {
            if (_series.Count == 0)
            {
                return;
            }

            text.Family(_name, _type, _help);
            foreach (var series in _series.Values)
            {
                if (_type == MetricType.Histogram)
                {
                    WriteHistogram(text, series);
                }
                else
                {
                    text.Sample(_name, series.Value, series.Labels);
                }
            }
        }
    }

    private static double[] Bounds(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        _ => DefaultBounds,
    };

    private void WriteHistogram(PrometheusText text, Series series)
    {
        long count = 0;
        for (var i = 0; i < series.Buckets.Length; i++)
        {
            count += series.Buckets[i];
            var bound = i < _bounds.Length ? _bounds[i] : double.PositiveInfinity;
            text.Sample($"{_name}_bucket", count, [.. series.Labels, new("le", PrometheusText.Format(bound))]);
        }

        text.Sample($"{_name}_sum", series.Value, series.Labels).Sample($"{_name}_count", count, series.Labels);
    }

    private sealed class Series
    {
        public Series(ReadOnlySpan<KeyValuePair<string, object?>> labels, int buckets)
        {
            Labels = labels.ToArray();
            Buckets = new long[buckets];
        }

        public KeyValuePair<string, object?>[] Labels { get; }

        /// <summary>The sum, or the last value of a gauge.</summary>
        public double Value { get; set; }

        public long[] Buckets { get; }
    }
}
