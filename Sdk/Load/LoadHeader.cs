using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Fairway.Sdk.Load;

/// <summary>
/// The load as a response header, in ORCA's native form (<c>TEXT name=value,...</c>, github.com/envoyproxy/envoy/issues/6614).
/// The text is made at most every 100 ms, by one request; the others take the one before. What is in flight is told as of now:
/// callers balance by it, and 100 ms are long.
/// </summary>
internal sealed class LoadHeader(LoadSampler sampler, RequestMeter meter, TimeProvider time)
{
    public const string Name = "endpoint-load-metrics";

    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(100);

    private volatile Made _made = new(Text(sampler), time.GetTimestamp());
    private int _making;

    /// <summary>The header's value now.</summary>
    public StringValues Value
    {
        get
        {
            if (time.GetElapsedTime(_made.At) >= MaxAge && Interlocked.Exchange(ref _making, 1) == 0)
            {
                try
                {
                    _made = new Made(Text(sampler), time.GetTimestamp());
                }
                finally
                {
                    Volatile.Write(ref _making, 0);
                }
            }

            return string.Concat(_made.Text, meter.InFlight.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Ends where the number in flight is to follow.</summary>
    private static string Text(LoadSampler sampler) => Format(sampler.Recent()) + ",named_metrics.in_flight=";

    /// <summary>All figures but the number in flight.</summary>
    internal static string Format(in LoadFigures figures)
    {
        var text = new StringBuilder("TEXT ", 200);
        Add(text, "cpu_utilization", figures.Cpu);
        Add(text, "mem_utilization", figures.Memory);
        Add(text, "application_utilization", figures.Application);
        Add(text, "rps_fractional", figures.Rps);
        Add(text, "eps", figures.Eps);
        Add(text, "named_metrics.latency_ms", figures.LatencyMs);
        Add(text, "named_metrics.memory_gib", figures.MemoryGib);
        return text.ToString(0, text.Length - 1);
    }

    private static void Add(StringBuilder text, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            text.Append(name).Append('=').Append(CultureInfo.InvariantCulture, $"{number:0.####}").Append(',');
        }
    }

    private sealed record Made(string Text, long At);
}
