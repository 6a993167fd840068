using System.Globalization;
using System.Text;

namespace Fairway.Core.Telemetry;

/// <summary>The types of metric families that the format knows and Fairway uses.</summary>
public enum MetricType
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>
/// Writes the Prometheus text format, version 0.0.4: UTF-8, one family after the other, each with all its samples
/// together. The format is <see href="https://prometheus.io/docs/instrumenting/exposition_formats/"/>.
/// </summary>
public sealed class PrometheusText
{
    /// <summary>What a response of this text is.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>Begins a family; the samples that follow are its own.</summary>
    /// <param name="name">Of <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>.</param>
    /// <param name="help">For people; may be empty.</param>
    public PrometheusText Family(string name, MetricType type, string? help)
    {
        if (!string.IsNullOrEmpty(help))
        {
            _text.Append("# HELP ").Append(name).Append(' ');
            Escape(help, quotes: false);
            _text.Append('\n');
        }

        _text.Append("# TYPE ").Append(name).Append(' ')
            .Append(type switch { MetricType.Counter => "counter", MetricType.Histogram => "histogram", _ => "gauge" })
            .Append('\n');
        return this;
    }

    /// <summary>One sample. NaN and the infinities are values too.</summary>
    /// <param name="name">The family's name, with <c>_bucket</c>, <c>_sum</c> or <c>_count</c> in a histogram.</param>
    /// <param name="labels">Characters that no label's name may have become underscores; values are any text, null is empty.</param>
    public PrometheusText Sample(
        string name, double value, params ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        _text.Append(name);
        for (var i = 0; i < labels.Length; i++)
        {
            _text.Append(i == 0 ? '{' : ',').Append(MetricNames.Plain(labels[i].Key)).Append("=\"");
            Escape(Text(labels[i].Value), quotes: true);
            _text.Append('"');
        }

        _text.Append(labels.Length > 0 ? "} " : " ");
        Number(value);
        _text.Append('\n');
        return this;
    }

    public override string ToString() => _text.ToString();

    /// <summary>A number as the format writes it; <c>le</c> bounds of buckets too.</summary>
    public static string Format(double value) =>
        double.IsNaN(value) ? "NaN"
        : double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(object? value) => value switch
    {
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private void Number(double value) => _text.Append(Format(value));

    // Backslash and line feed everywhere, the double quote in label values only.
    private void Escape(string text, bool quotes)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '\\' => _text.Append("\\\\"),
                '\n' => _text.Append("\\n"),
                '"' when quotes => _text.Append("\\\""),
                _ => _text.Append(c),
            };
        }
    }
}
