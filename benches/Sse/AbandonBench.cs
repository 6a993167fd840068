using System.Globalization;
using Fairway.Report;

namespace Fairway.Sse;

/// <summary>
/// <c>./bench abandon</c>: streams opened by users who never come back for them, twice as many as are bearable at once. What is live must
/// be what it was, and the second wave must cost no more than the first.
/// </summary>
internal static class AbandonBench
{
    private const int PoolSeconds = 65;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var streams = arguments.Number("--sizes", 200_000);
        await using var feed = await Feed.StartAsync();
        await using var gateway = await StreamGateway.StartAsync(
            "Sse", ["gateway"], feed, "--Streams:UnreadSeconds=3", "--Streams:UnackedSeconds=3", "--Streams:TerminalSeconds=3", "--Streams:IdleSeconds=3", "--Streams:MaxConcurrent=64");
        await WaveAsync(gateway, Math.Max(2000, streams / 10), "warm-up"); // code is compiled, tables have the size that the rate asks for
        await SettleAsync(gateway);
        var before = await HeapAsync(gateway);
        var peaks = new List<double>();
        var after = new List<double>();
        var seconds = new List<double>();
        for (var wave = 1; wave <= 2; wave++)
        {
            var began = TimeProvider.System.GetTimestamp();
            peaks.Add(await WaveAsync(gateway, streams, $"wave {wave}"));
            seconds.Add(TimeProvider.System.GetElapsedTime(began).TotalSeconds);
            await SettleAsync(gateway);
            after.Add(await HeapAsync(gateway));
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"wave {wave}: peak {peaks[^1] / 1e6:0} MB, live {before / 1e6:0.0} MB before, {after[^1] / 1e6:0.0} MB after, {seconds[^1]:0} s"));
        }

        var report = new BenchReport("abandon");
        report.Add("live heap after, to before", after[1] / before, "x", Target.AtMost(1.05), $"{after[1] / 1e6:0.0} to {before / 1e6:0.0} MB; after the first wave {after[0] / 1e6:0.0} MB");
        report.Add("peak of the second wave, to the first's", peaks[1] / peaks[0], "x", Target.AtMost(1.1), $"{peaks[1] / 1e6:0} to {peaks[0] / 1e6:0} MB resident");
        report.Add("streams opened", 2.0 * streams, "", null, $"{2 * streams / seconds.Sum():#,0} a second, each with its own user");
        return report.Print(Console.Out);
    }

    /// <summary>The most bytes resident while it lasts.</summary>
    private static async Task<double> WaveAsync(StreamGateway gateway, int streams, string name)
    {
        using var done = new CancellationTokenSource();
        var peak = PeakAsync(gateway.Process.Pid, done.Token);
        var refused = 0;
        await Many.OfAsync(streams, async index =>
        {
            using var response = await gateway.PostAsync(StreamGateway.Token($"{name}-{index}"), """{"messages":[{"role":"user","content":"x"}]}""");
            return response.IsSuccessStatusCode ? 0 : Interlocked.Increment(ref refused);
        });
        await done.CancelAsync();
        return refused == 0 ? await peak : throw new InvalidOperationException($"{refused} of {streams} were refused");
    }

    /// <summary>Until nothing is held and no grain of a user is left.</summary>
    private static async Task SettleAsync(StreamGateway gateway)
    {
        for (var waited = 0; waited < 240; waited++)
        {
            var grains = await gateway.Http.GetStringAsync(new Uri("/v1/grains", UriKind.Relative));
            if (!grains.Contains("UserStreamGrain", StringComparison.Ordinal) || grains.Contains("""UserStreamGrain","active":0""", StringComparison.Ordinal))
            {
                break;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        }

        await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System); // renewals forget what nobody uses
    }

    /// <summary>What the runtime's pools of arrays have not lent since the last collection, they let go of after a minute, at the next one.</summary>
    private static async Task<double> HeapAsync(StreamGateway gateway)
    {
        await CollectAsync(gateway);
        await Task.Delay(TimeSpan.FromSeconds(PoolSeconds), TimeProvider.System);
        return await CollectAsync(gateway);
    }

    private static async Task<double> CollectAsync(StreamGateway gateway) =>
        double.Parse(await gateway.Http.GetStringAsync(new Uri("/bench/heap", UriKind.Relative)), CultureInfo.InvariantCulture);

    private static async Task<double> PeakAsync(int pid, CancellationToken until)
    {
        var peak = 0d;
        while (!until.IsCancellationRequested)
        {
            peak = Math.Max(peak, ProcessUsage.Of(pid).ResidentBytes);
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, until).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return peak;
    }
}
