using System.Globalization;
using Fairway.Core.Balancing;
using Fairway.Sdk.Load;

namespace Fairway.Sdk.Client;

/// <summary>Reads what a response says in band of its instance's load: ORCA's native form, <c>TEXT name=value,...</c>.</summary>
internal static class LoadHeaderReader
{
    private const string Text = "TEXT ";
    private const string InFlight = "named_metrics.in_flight=";
    private const double Most = 1e9;

    /// <summary>False where the response says nothing of use; garbage is nothing.</summary>
    public static bool TryRead(HttpResponseMessage response, out LoadReport report)
    {
        report = default;
        return response.Headers.TryGetValues(LoadHeader.Name, out var values) && TryParse(values.FirstOrDefault(), out report);
    }

    internal static bool TryParse(string? value, out LoadReport report)
    {
        report = default;
        if (value is null || !value.StartsWith(Text, StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var range in value.AsSpan(Text.Length).Split(','))
        {
            var metric = value.AsSpan(Text.Length)[range].Trim();
            if (metric.StartsWith(InFlight, StringComparison.Ordinal)
                && double.TryParse(metric[InFlight.Length..], NumberStyles.Float, CultureInfo.InvariantCulture, out var inFlight)
                && inFlight is >= 0 and <= Most)
            {
                report = new LoadReport(inFlight);
                return true;
            }
        }

        return false;
    }
}
