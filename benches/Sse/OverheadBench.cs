using System.Globalization;
using System.Text;
using Fairway.Report;

namespace Fairway.Sse;

/// <summary><c>./bench relay-overhead</c>: from a model's byte to its reader's, through <c>/v1/chat/completions</c> and read from the model itself.</summary>
internal static class OverheadBench
{
    private const int Streams = 100;
    private const int TokensPerSecond = 50;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", Rounds.Least);
        var seconds = arguments.Number("--seconds", 5);
        await using var feed = await Feed.StartAsync();
        await using var gateway = await StreamGateway.StartAsync(feed);
        var latencies = new Latencies(4_000_000);
        var direct = await OpenAsync(feed, feed.Url, 0, latencies);
        var relayed = await OpenAsync(feed, gateway.Url, Streams, latencies);

        var figures = new[] { new List<(double P50, double P99)>(), [] };
        var processor = new List<double>();
        for (var round = -1; round < rounds; round++)
        {
            for (var which = 0; which < 2; which++)
            {
                latencies.Begin();
                var before = ProcessUsage.Of(gateway.Process.Pid).ProcessorSeconds;
                await OpenLoop.RunAsync(Streams * TokensPerSecond, seconds, sent => feed.Send((which * Streams) + (sent % Streams), Feed.Chunk()));
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
                var (p50, p99, p999, count) = latencies.End();
                await Console.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{(which == 0 ? "direct" : "relayed")}: p50 {p50:0.00} p99 {p99:0.00} p99.9 {p999:0.00} ms, {count} of {Streams * TokensPerSecond * seconds} came"));
                if (round >= 0)
                {
                    figures[which].Add(count >= Streams * TokensPerSecond * seconds * 0.999 ? (p50, p99) : (double.NaN, double.NaN));
                    if (which == 1)
                    {
                        processor.Add((ProcessUsage.Of(gateway.Process.Pid).ProcessorSeconds - before) / seconds);
                    }
                }
            }
        }

        foreach (var socket in direct.Concat(relayed))
        {
            socket.Dispose();
        }

        var report = new BenchReport("relay-overhead");
        Add("p50", 1, pair => pair.P50);
        Add("p99", 5, pair => pair.P99);
        report.Add("processor time of the Gateway", 100 * Rounds.Median(processor), " %", null, $"of one processor, {Streams} streams of {TokensPerSecond} tokens a second");
        return report.Print(Console.Out);

        void Add(string name, double most, Func<(double P50, double P99), double> of) => report.Add(
            $"added by the relay, {name}", Rounds.Median(figures[1].Zip(figures[0], (relay, model) => of(relay) - of(model))), " ms", Target.AtMost(most),
            string.Create(CultureInfo.InvariantCulture, $"{Rounds.Median(figures[1].Select(of)):0.00} to {Rounds.Median(figures[0].Select(of)):0.00} ms"));
    }

    private static async Task<SseSocket[]> OpenAsync(Feed feed, Uri url, int first, Latencies latencies)
    {
        var token = StreamGateway.Token("overhead");
        var opening = Many.OfAsync(
            Streams,
            index =>
            {
                var body = $$"""{"model":"feed","stream":true,"messages":[{"role":"user","content":"x"}],"feed":{{first + index}}}""";
                return SseSocket.OpenAsync(
                    url,
                    $"POST /v1/chat/completions HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.ASCII.GetByteCount(body)}\r\n\r\n{body}",
                    latencies.Take);
            },
            Streams);
        while (feed.Open < first + Streams)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        for (var id = first; id < first + Streams; id++)
        {
            feed.Send(id, Feed.Chunk()); // the relay answers with the model's first word
        }

        return await opening;
    }
}
