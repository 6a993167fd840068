using System.Diagnostics.Metrics;

namespace Fairway.Core.Telemetry;

/// <summary>How names of instruments and labels are spelled in Prometheus.</summary>
internal static class MetricNames
{
    /// <summary>
    /// Our own names are spelled for Prometheus already; those with dots, as .NET's own meters have, get underscores, unit and
    /// suffix: <c>http.server.request.duration</c> in s becomes <c>http_server_request_duration_seconds</c>.
    /// </summary>
    public static string Of(Instrument instrument, MetricType type)
    {
        if (!instrument.Name.Contains('.'))
        {
            return instrument.Name;
        }

        var name = WithUnit(Plain(instrument.Name), instrument.Unit);
        return type == MetricType.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
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
}
