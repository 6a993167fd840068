using System.Diagnostics.Metrics;
using System.Globalization;

namespace Fairway.Gateway.Telemetry;

/// <summary>The series of one metric, added up from its instruments' measurements. Safe for use by many threads.</summary>
internal sealed class InstrumentState
{
    /// <summary>More series than this are not kept: a label that takes any value would fill the memory.</summary>
    private const int MaxSeries = 10_000;

    // For durations in seconds; what .NET's own instruments advise.
    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Cell> _cells = new(StringComparer.Ordinal);
    private readonly string _name;
    private readonly MetricKind _kind;
    private readonly string _help;
    private readonly bool _observed;
    private readonly bool _adds;
    private readonly double[] _bounds;

    public InstrumentState(string name, MetricKind kind, Instrument instrument)
    {
        _name = name;
        _kind = kind;
        _help = instrument.Description ?? "";
        _observed = instrument.IsObservable;
        var type = instrument.GetType();
        var isGauge = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Gauge<>);
        _adds = !isGauge; // observed values are absolute, but start from nothing at each reading
        _bounds = kind == MetricKind.Histogram ? Advised(instrument) ?? DefaultBounds : [];
    }

    /// <summary>Forgets what was observed before: a series that is not observed again has ended.</summary>
    public void BeginObservation()
    {
        if (!_observed)
        {
            return;
        }

        lock (_gate)
        {
            _cells.Clear();
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = Key(tags);
        lock (_gate)
        {
            if (!_cells.TryGetValue(key, out var cell))
            {
                if (_cells.Count >= MaxSeries)
                {
                    return;
                }

                _cells[key] = cell = new Cell(Labels(tags), _kind == MetricKind.Histogram ? new long[_bounds.Length + 1] : null);
            }

            cell.Value = _adds ? cell.Value + value : value;
            if (cell.Counts is { } counts)
            {
                counts[BucketOf(value)]++;
            }
        }
    }

    public MetricFamily Read()
    {
        lock (_gate)
        {
            return new MetricFamily(_name, _kind, _help, [.. _cells.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value).Select(Series)]);
        }
    }

    private MetricSeries Series(Cell cell) => new(
        cell.Labels,
        cell.Value,
        cell.Counts?.Select((count, bucket) => (bucket < _bounds.Length ? _bounds[bucket] : double.PositiveInfinity, count)).ToArray());

    /// <summary>Bounds are inclusive.</summary>
    private int BucketOf(double value)
    {
        var bucket = Array.BinarySearch(_bounds, value);
        return bucket >= 0 ? bucket : ~bucket;
    }

    private static double[]? Advised(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        _ => null,
    };

    private static string Key(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        switch (tags.Length)
        {
            case 0:
                return "";
            case 1:
                return $"{tags[0].Key}\u0001{Text(tags[0].Value)}";
            default:
                var parts = new string[tags.Length];
                for (var i = 0; i < tags.Length; i++)
                {
                    parts[i] = $"{tags[i].Key}\u0001{Text(tags[i].Value)}";
                }

                Array.Sort(parts, StringComparer.Ordinal);
                return string.Join('\u0002', parts);
        }
    }

    private static KeyValuePair<string, string>[] Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in tags)
        {
            labels[MetricNames.Plain(name)] = Text(value);
        }

        return [.. labels];
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private sealed class Cell(KeyValuePair<string, string>[] labels, long[]? counts)
    {
        public KeyValuePair<string, string>[] Labels => labels;

        public long[]? Counts => counts;

        public double Value { get; set; }
    }
}
