using System.Diagnostics.Metrics;

namespace Fairway.Gateway.Telemetry;

/// <summary>How an instrument's name and kind are spelled in Prometheus.</summary>
internal static class MetricNames
{
    /// <summary>Our own names carry unit and suffix already; others get them as Prometheus wants: <c>_seconds</c>, <c>_total</c>.</summary>
    public static (string Name, MetricKind Kind) Of(Instrument instrument)
    {
        var kind = KindOf(instrument);
        var name = Plain(instrument.Name);
        if (!name.StartsWith("fairway_", StringComparison.Ordinal))
        {
            name = WithUnit(name, instrument.Unit);
            if (kind == MetricKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal))
            {
                name += "_total";
            }
        }

        return (name, kind);
    }

    /// <summary>A label's name: anything but letters, digits and underscores becomes an underscore.</summary>
    public static string Plain(string name)
    {
        var plain = string.Create(name.Length, name, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsAsciiLetterOrDigit(source[i]) ? source[i] : '_';
            }
        });
        return plain.Length > 0 && char.IsAsciiDigit(plain[0]) ? "_" + plain : plain;
    }

    private static string WithUnit(string name, string? unit)
    {
        var suffix = unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            "1" => "_ratio",
            _ => "", // counted things, such as {request}, have no unit
        };
        return name.EndsWith(suffix, StringComparison.Ordinal) ? name : name + suffix;
    }

    private static MetricKind KindOf(Instrument instrument)
    {
        var type = instrument.GetType();
        var kind = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        return kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>)
            ? MetricKind.Counter
            : kind == typeof(Histogram<>) ? MetricKind.Histogram : MetricKind.Gauge;
    }
}
