using System.Globalization;
using Fairway.Report;
using Fairway.Testing;

namespace Fairway.Edge;

/// <summary>
/// <c>./bench edge-pick</c>: the processor time that nginx takes for a request, with the edge's pick and with <c>upstream</c> round
/// robin, the same proxy settings and keepalive. The instances are one nginx under many loopback addresses.
/// </summary>
internal static class PickBench
{
    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", 5);
        var seconds = arguments.Number("--seconds", 2);
        var sizes = (arguments.Text("--sizes") ?? "10,1000,10000").Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture));
        var report = new BenchReport("edge-pick");
        await using var origin = await NginxServer.StartAsync("return 200 ok;", address: "0.0.0.0");
        foreach (var size in sizes)
        {
            await Console.Error.WriteLineAsync($"{size} instances");
            await MeasureAsync(report, origin.Endpoint.Port, size, rounds, seconds);
        }

        return report.Print(Console.Out);
    }

    private static async Task MeasureAsync(BenchReport report, int port, int size, int rounds, int seconds)
    {
        var addresses = Enumerable.Range(0, size).Select(index => $"127.{1 + (index / 62500)}.{index / 250 % 250}.{(index % 250) + 1}:{port}").ToArray();
        await using var list = await ListServer.StartAsync(addresses);
        await using var edge = await EdgeProcess.StartAsync(list.Url, workers: 1);
        await using var peer = await NginxServer.StartAsync(Location, $$"""
            upstream peers {
                {{string.Join('\n', addresses.Select(address => $"server {address};"))}}
                keepalive 512;
                keepalive_requests 100000;
            }
            map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
            keepalive_requests 10000;
            server_tokens off;
            tcp_nodelay on;
            client_body_buffer_size 64k;
            """);
        List<double> rates = [], peerRates = [];
        var figures = await Rounds.RunAsync(
            rounds,
            () => CostAsync(peer.WorkerPids, new Uri(peer.Endpoint, "/x"), seconds, peerRates),
            () => CostAsync(edge.WorkerPids, new Uri(edge.Url, "/bench/x"), seconds, rates));
        report.Add(
            $"processor time a request, {size:#,0} instances, to round robin", Rounds.MedianRatio(figures[1], figures[0]), "x", Target.AtMost(1.1),
            $"{Rounds.Median(figures[1]):0.0} to {Rounds.Median(figures[0]):0.0} us; {Rounds.Median(rates):#,0} to {Rounds.Median(peerRates):#,0} a second");
    }

    /// <summary>Processor time of these processes for one request, in microseconds.</summary>
    private static async Task<double> CostAsync(IReadOnlyList<int> pids, Uri url, int seconds, List<double> rates)
    {
        var before = pids.Sum(Seconds);
        var run = await Wrk.RunAsync(url, seconds);
        var spent = pids.Sum(Seconds) - before;
        if (run.Errors > 0)
        {
            throw new InvalidOperationException($"{run.Errors} of {run.Requests} requests to {url} failed.");
        }

        rates.Add(run.Rate);
        return spent * 1e6 / run.Requests;
    }

    private static double Seconds(int pid)
    {
        using var process = System.Diagnostics.Process.GetProcessById(pid);
        return process.TotalProcessorTime.TotalSeconds;
    }

    private const string Location = """
        location / {
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_pass http://peers;
        }
        """;
}
