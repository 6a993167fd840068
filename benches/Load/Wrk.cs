using System.Globalization;
using Fairway.Testing;

namespace Fairway.Load;

/// <summary>Debian's wrk: as many requests as a server answers.</summary>
internal static class Wrk
{
    private const int Connections = 32;

    /// <summary>Answers a second.</summary>
    /// <exception cref="InvalidOperationException">Some request failed or was refused, so the figure would mean nothing.</exception>
    public static async Task<double> RunAsync(Uri url, int seconds, string? ifNoneMatch = null)
    {
        string[] header = ifNoneMatch is null ? [] : ["-H", $"If-None-Match: {ifNoneMatch}"];
        await using var wrk = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("wrk", "wrk"),
            ["-t1", $"-c{Connections}", $"-d{seconds}s", .. header, url.AbsoluteUri]));
        await wrk.WaitForExitAsync(TimeSpan.FromSeconds(seconds + 20));
        var lines = wrk.Output.Split('\n', StringSplitOptions.TrimEntries);
        if (wrk.ExitCode != 0 || lines.Any(line => line.StartsWith("Non-2xx", StringComparison.Ordinal) || line.StartsWith("Socket errors", StringComparison.Ordinal)))
        {
            throw new InvalidOperationException($"wrk met errors:\n{wrk.Output}");
        }

        const string Rate = "Requests/sec:";
        var rate = lines.First(line => line.StartsWith(Rate, StringComparison.Ordinal));
        return double.Parse(rate[Rate.Length..], CultureInfo.InvariantCulture);
    }
}
