using System.Globalization;
using Fairway.Report;

namespace Fairway.Cluster;

/// <summary>
/// What a cluster costs and gives, silos as processes on this one machine: reads and grain calls at 1, 2 and 3 silos with the processor
/// time each took, joining and leaving, fan-out of the registry to 2 and 10 Gateways, and the death of a silo.
/// </summary>
internal static class ClusterBench
{
    private const int Callers = 64;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var seconds = arguments.Number("--seconds", 5);
        var rounds = arguments.Number("--rounds", 5);
        var report = new BenchReport("cluster");
        var deaths = new List<Death>();
        for (var round = 0; round < rounds; round++)
        {
            await using var dying = await BenchCluster.StartAsync(3);
            deaths.Add(await dying.KillAsync());
        }

        Died("kill -9 of a silo to all others holding it for dead", death => death.Out, 8000);
        Died("kill -9 to the first good answer of a grain it held", death => death.Answer, 8000);
        Died("kill -9 to the next frame of an answer whose grain it held", death => death.Resumed, 10_000);
        Died("kill -9 to the coded end of an answer whose grain and worker it held", death => death.Ended, 10_000);
        for (var silos = 1; silos <= 3; silos++)
        {
            await using var cluster = await BenchCluster.StartAsync(silos);
            await MeasureAsync(report, cluster, silos, seconds);
            if (silos == 3)
            {
                await ChangeAsync(report, cluster);
                foreach (var gateways in (int[])[2, 10])
                {
                    var times = await cluster.FanOutAsync(gateways, changes: 200);
                    report.Add($"registry to {gateways} Gateways, p50", times[times.Count / 2], " ms", null, "from the put to the last observer");
                    report.Add($"registry to {gateways} Gateways, p99", times[times.Count * 99 / 100], " ms", Target.AtMost(1000), "200 changes, one after the other");
                }
            }
        }

        return report.Print(Console.Out);

        // The longest counts: these are bounds.
        void Died(string what, Func<Death, double> figure, double bound) => report.Add(
            what + ", longest", deaths.Any(death => double.IsNaN(figure(death))) ? double.NaN : deaths.Max(figure), " ms", Target.AtMost(bound), $"of {rounds}, median {Median(deaths.Select(figure)):0} ms");
    }

    private static async Task MeasureAsync(BenchReport report, BenchCluster cluster, int silos, int seconds)
    {
        var before = cluster.ProcessorSeconds();
        var reads = await cluster.ReadAsync(seconds);
        var after = cluster.ProcessorSeconds();
        report.Add($"best-list reads a second, {silos} silo(s)", reads, "", null, $"processors: {Used(before, after, seconds)}");
        before = after;
        var calls = await cluster.CallAsync(Callers, TimeSpan.FromSeconds(seconds));
        report.Add($"grain calls a second, {silos} silo(s)", calls / seconds, "", null, $"over TCP from one client, {Callers} callers; processors: {Used(before, cluster.ProcessorSeconds(), seconds)}");
    }

    private static async Task ChangeAsync(BenchReport report, BenchCluster cluster)
    {
        var (join, leave, writes) = await cluster.ChangeAsync();
        report.Add("start of a 4th silo to all seeing it", join, " ms", null, "the start of its process included");
        report.Add("SIGTERM of it to all seeing it gone", leave, " ms", null, "with its leave time of 1 s");
        report.Add("changes of the membership table for both", writes, "", Target.AtMost(20), "each one transaction of two keys");
    }

    private static string Used(double[] before, double[] after, double seconds) => string.Join(
        " + ", before.Zip(after, (from, to) => ((to - from) / seconds).ToString("0.00", CultureInfo.InvariantCulture)));

    private static double Median(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
