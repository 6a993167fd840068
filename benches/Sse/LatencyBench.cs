using System.Globalization;
using Fairway.Product;
using Fairway.Report;

namespace Fairway.Sse;

/// <summary>
/// <c>./bench sse-latency</c>: from a message of 100 bytes to its reader, sent at a rate that waits for nobody, over 4,000 connections with
/// a stream each. The Gateway's messages come from a model and are stored on their way; nchan's are published to it. By default nchan
/// sends nothing to readers that are silent, which a proxy in between may cut; with <c>--nchan-comments 10</c> it does what the Gateway does.
/// </summary>
internal static class LatencyBench
{
    private const int WarmUpRate = 3000;
    private const int WarmUpSeconds = 8;
    private const int FanOut = 1000;
    private const int FanOutRate = 50;

    private static readonly int[] Rates = [1000, 3000];

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", Rounds.Least);
        var seconds = arguments.Number("--seconds", 4);
        var connections = arguments.Number("--sizes", 4000);
        await using var feed = await Feed.StartAsync();
        await using var gateway = await StreamGateway.StartAsync(feed);
        await using var nchan = await Nchan.StartAsync(arguments.Number("--nchan-comments", 0));
        var (kestrel, kestrelUrl) = await ProductProcess.StartAsync("Sse", "kestrel");
        await using var stopKestrel = kestrel;
        using var publisher = new Publisher(kestrelUrl);
        var latencies = new Latencies(4_000_000);

        await Console.Error.WriteLineAsync($"opening {connections} connections to each");
        var sockets = new List<SseSocket>();
        sockets.AddRange(await Many.OfAsync(connections, async index =>
        {
            var token = StreamGateway.Token($"user-{index}");
            return await SseSocket.OpenAsync(gateway.Url, SseSocket.Get(gateway.Url, await gateway.AskAsync(token, index), token), latencies.Take);
        }));
        sockets.AddRange(await Many.OfAsync(connections, index => SseSocket.OpenAsync(nchan.Url, SseSocket.Get(nchan.Url, Nchan.Subscriber(index)), latencies.Take)));
        sockets.AddRange(await Many.OfAsync(connections, index => SseSocket.OpenAsync(kestrelUrl, SseSocket.Get(kestrelUrl, $"/bare/{index}"), latencies.Take)));
        while (feed.Open < connections)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        Server[] servers =
        [
            new("Gateway", gateway.Process.Pid, index => feed.Send(index, Feed.Chunk())),
            new("nchan", nchan.WorkerPid, index => nchan.Publish(index, Feed.Chunk())),
            new("bare Kestrel", kestrel.Pid, index => publisher.Publish(index, Feed.Chunk())),
        ];
        // Each stream's first message, which the Gateway writes down, and code that is compiled anew once it has run for a while.
        foreach (var server in servers)
        {
            await OpenLoop.RunAsync(WarmUpRate, WarmUpSeconds, index => server.Send(index % connections));
        }

        var report = new BenchReport("sse-latency");
        foreach (var rate in Rates)
        {
            Add(report, $"{rate:#,0} a second", await MeasureAsync(servers, latencies, rounds, rate, 1, seconds, connections), 1.6, 5, 2);
        }

        // One stream with many readers; nobody else's messages are in the way.
        var fanToken = StreamGateway.Token("fan");
        var path = await gateway.AskAsync(fanToken, connections);
        sockets.AddRange(await Many.OfAsync(FanOut, _ => SseSocket.OpenAsync(gateway.Url, SseSocket.Get(gateway.Url, path, fanToken), latencies.Take)));
        sockets.AddRange(await Many.OfAsync(FanOut, _ => SseSocket.OpenAsync(nchan.Url, SseSocket.Get(nchan.Url, Nchan.Subscriber(connections)), latencies.Take)));
        sockets.AddRange(await Many.OfAsync(FanOut, _ => SseSocket.OpenAsync(kestrelUrl, SseSocket.Get(kestrelUrl, $"/bare/{connections}"), latencies.Take)));
        var fan = servers.Select(server => server with { Send = _ => server.Send(connections) }).ToArray();
        Add(report, $"{FanOut:#,0} readers of one at {FanOutRate} a second", await MeasureAsync(fan, latencies, rounds, FanOutRate, FanOut, seconds, connections), 1, 1, null);
        foreach (var socket in sockets)
        {
            socket.Dispose();
        }

        return report.Print(Console.Out);
    }

    private static async Task<List<Figures>[]> MeasureAsync(
        Server[] servers, Latencies latencies, int rounds, int rate, int readers, int seconds, int connections)
    {
        var random = new Random(1);
        var all = servers.Select(_ => new List<Figures>()).ToArray();
        for (var round = -1; round < rounds; round++)
        {
            for (var i = 0; i < servers.Length; i++)
            {
                latencies.Begin();
                var before = ProcessUsage.Of(servers[i].Pid).ProcessorSeconds;
                await OpenLoop.RunAsync(rate, round < 0 ? 2 : seconds, _ => servers[i].Send(random.Next(connections)));
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
                var used = ProcessUsage.Of(servers[i].Pid).ProcessorSeconds - before;
                var (p50, p99, p999, count) = latencies.End();
                var sent = (round < 0 ? 2 : seconds) * rate * readers;
                await Console.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{servers[i].Name}, {rate} a second: p50 {p50:0.00} p99 {p99:0.00} p99.9 {p999:0.00} ms, processor {used:0.00} s, {count} of {sent} came"));
                if (round >= 0)
                {
                    all[i].Add(new Figures(count >= sent * 0.999 ? p50 : double.NaN, p99, p999, used));
                }
            }
        }

        return all;
    }

    private static void Add(BenchReport report, string what, List<Figures>[] all, double p50, double p99, double? processor)
    {
        var (ours, peer) = (all[0], all[1]);
        Row("p50", figures => figures.P50, p50, " ms");
        Row("p99", figures => figures.P99, p99, " ms");
        Row("p99.9", figures => figures.P999, null, " ms");
        Row("processor", figures => figures.Processor, processor, " s");

        void Row(string name, Func<Figures, double> of, double? target, string unit) => report.Add(
            $"{what}: {name}, to nchan", Rounds.MedianRatio([.. ours.Select(of)], [.. peer.Select(of)]), "x", target is { } most ? Target.AtMost(most) : null,
            string.Create(
                CultureInfo.InvariantCulture, $"{Rounds.Median(ours.Select(of)):0.00} to {Rounds.Median(peer.Select(of)):0.00}{unit}, bare Kestrel {Rounds.Median(all[2].Select(of)):0.00}{unit}"));
    }

    private sealed record Server(string Name, int Pid, Action<int> Send);

    private readonly record struct Figures(double P50, double P99, double P999, double Processor);
}
