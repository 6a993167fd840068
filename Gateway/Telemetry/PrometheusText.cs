using System.Globalization;
using System.Text;

namespace Fairway.Gateway.Telemetry;

/// <summary>
/// Prometheus's text exposition format, version 0.0.4: <c>https://prometheus.io/docs/instrumenting/exposition_formats/</c>.
/// </summary>
public static class PrometheusText
{
    /// <summary>The document for these families, each named once.</summary>
    public static string Write(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder();
        foreach (var family in families)
        {
            if (family.Help.Length > 0)
            {
                text.Append("# HELP ").Append(family.Name).Append(' ').Append(Escape(family.Help, quotes: false)).Append('\n');
            }

            text.Append("# TYPE ").Append(family.Name).Append(' ').Append(Kind(family.Kind)).Append('\n');
            foreach (var series in family.Series)
            {
                if (series.Buckets is { } buckets)
                {
                    Histogram(text, family.Name, series, buckets);
                }
                else
                {
                    Line(text, family.Name, series.Labels, null, series.Value);
                }
            }
        }

        return text.ToString();
    }

    /// <summary>A number as Prometheus reads it.</summary>
    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static void Histogram(
        StringBuilder text, string name, MetricSeries series, IReadOnlyList<(double Bound, long Count)> buckets)
    {
        var total = 0L;
        foreach (var (bound, count) in buckets)
        {
            total += count;
            Line(text, name + "_bucket", series.Labels, Number(bound), total);
        }

        Line(text, name + "_sum", series.Labels, null, series.Value);
        Line(text, name + "_count", series.Labels, null, total);
    }

    private static void Line(
        StringBuilder text, string name, IReadOnlyList<KeyValuePair<string, string>> labels, string? bound, double value)
    {
        text.Append(name);
        if (labels.Count > 0 || bound is not null)
        {
            text.Append('{');
            var separator = "";
            foreach (var (label, content) in labels)
            {
                text.Append(separator).Append(label).Append("=\"").Append(Escape(content, quotes: true)).Append('"');
                separator = ",";
            }

            if (bound is not null)
            {
                text.Append(separator).Append("le=\"").Append(bound).Append('"');
            }

            text.Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Kind(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };

    private static string Escape(string content, bool quotes)
    {
        var escaped = content.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
