using System.Globalization;
using System.Text.RegularExpressions;
using Fairway.Testing;

namespace Fairway.Edge;

/// <summary>One run of Debian's wrk.</summary>
/// <param name="Rate">Answers a second.</param>
/// <param name="Requests">Answers.</param>
/// <param name="P99">The 99th percentile of their latency, ms.</param>
/// <param name="Errors">Answers other than 2xx and 3xx, and broken connections.</param>
internal readonly partial record struct Wrk(double Rate, double Requests, double P99, double Errors)
{
    public static async Task<Wrk> RunAsync(Uri url, int seconds, int connections = 32)
    {
        await using var wrk = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("wrk", "wrk"), "-t1", $"-c{connections}", $"-d{seconds}s", "--latency", "--timeout", "30s", url.AbsoluteUri));
        await wrk.WaitForExitAsync(TimeSpan.FromSeconds(seconds + 60));
        var text = wrk.Output;
        var p99 = Latency().Match(text);
        var unit = p99.Groups[2].Value switch { "us" => 0.001, "ms" => 1, "s" => 1000, _ => throw new InvalidOperationException($"wrk said nothing:\n{text}") };
        return new Wrk(
            Number(Rates(), text), Number(Answers(), text), Number(p99.Groups[1].Value) * unit,
            Number(Refusals(), text) + Sockets().Match(text).Groups.Values.Skip(1).Sum(group => group.Length == 0 ? 0 : Number(group.Value)));
    }

    private static double Number(Regex pattern, string text) => pattern.Match(text) is { Success: true } found ? Number(found.Groups[1].Value) : 0;

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Latency();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rates();

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Answers();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex Refusals();

    [GeneratedRegex(@"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")]
    private static partial Regex Sockets();
}
