using System.Globalization;
using Fairway.Report;

namespace Fairway.Load;

/// <summary>
/// <c>./bench freshness</c>: how long after the put of a status batch in which an instance went down, or up again, each of ten
/// edges has an answer that shows it, while all instances report every second; and what an instance costs the Gateway.
/// </summary>
internal static class FreshnessBench
{
    private const int Judged = 10_000;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var changes = arguments.Number("--rounds", 60);
        var sizes = (arguments.Text("--sizes") ?? "1000,10000,50000").Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture)).ToArray();
        var report = new BenchReport("freshness");
        var lines = new List<(int Size, FreshnessFigures Figures)>();
        foreach (var size in sizes)
        {
            await Console.Error.WriteLineAsync($"measuring {size} instances");
            await using var run = await FreshnessRun.StartAsync(size);
            lines.Add((size, await run.MeasureAsync(changes)));
        }

        // The size with the target first, as the last line is taken from it.
        foreach (var (size, figures) in lines.OrderBy(line => line.Size != Judged).ThenBy(line => line.Size))
        {
            var target = size == Judged ? Target.AtMost(250) : (Target?)null;
            report.Add(
                $"{size:#,0}: put to shown, p99", Rounds.Percentile(figures.Milliseconds, 0.99), " ms", target,
                $"p50 {Rounds.Median(figures.Milliseconds):0} ms, max {figures.Milliseconds.Max():0} ms, {changes} changes x {FreshnessRun.Readers} readers");
            report.Add($"{size:#,0}: puts a tick", figures.PutsATick, "", Target.AtMost(FreshnessRun.Services + figures.BytesATick / (256 * 1024)), $"{figures.BytesATick / 1024:#,0} KiB a tick");
            report.Add($"{size:#,0}: resident memory an instance", figures.ResidentBytes / size / 1024, " KiB", null, $"{figures.ResidentBytes / 1024 / 1024:0} MiB more than an empty Gateway");
            report.Add($"{size:#,0}: processor time an instance", figures.Processors / size * 1e6, " us/s", null, $"{100 * figures.Processors:0} % of one processor, {figures.AnswersASecond:0} answers a second, {figures.AnswerBytesASecond / 1e6:0.#} MB/s");
        }

        return report.Print(Console.Out);
    }
}

/// <summary>What one size came to.</summary>
/// <param name="Milliseconds">From each put to each reader's answer.</param>
/// <param name="ResidentBytes">Of the Gateway, above what it took without instances.</param>
/// <param name="Processors">Processor seconds a second that the Gateway took.</param>
internal sealed record FreshnessFigures(
    IReadOnlyList<double> Milliseconds, double PutsATick, double BytesATick, double ResidentBytes, double Processors, double AnswersASecond, double AnswerBytesASecond);
