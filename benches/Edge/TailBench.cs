using Fairway.Product;
using Fairway.Report;
using Fairway.Testing;

namespace Fairway.Edge;

/// <summary>
/// <c>./bench edge-tail</c>: eight real Backends behind the real Gateway and Exporter, one slow and one busy; the 99th percentile of
/// latency through the edge, through nginx's round robin and through its least_conn, in turn.
/// </summary>
internal static class TailBench
{
    private const int Backends = 8;
    private const string Service = "tail";

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", 5);
        var seconds = arguments.Number("--seconds", 5);
        using var folder = new TempFolder();
        await using var etcd = await EtcdServer.StartAsync();
        var (gateway, url) = await ProductProcess.StartGatewayAsync(folder, etcd.Endpoint);
        await using var stopGateway = gateway;
        var (exporter, _) = await ProductProcess.StartExporterAsync(etcd.Endpoint);
        await using var stopExporter = exporter;
        var backends = new List<(RealProcess Process, Uri Url)>();
        try
        {
            for (var index = 0; index < Backends; index++)
            {
                backends.Add(await ProductProcess.StartBackendAsync(etcd.Endpoint, Service, $"tail-{index}"));
            }

            await TurnAsync(backends[0].Url, new { latencyMs = 150, cpuMs = 0 }); // slow: it waits
            await TurnAsync(backends[1].Url, new { latencyMs = 5, cpuMs = 15 }); // busy: it burns
            foreach (var (_, address) in backends[2..])
            {
                await TurnAsync(address, new { latencyMs = 5, cpuMs = 0 });
            }

            var servers = string.Join('\n', backends.Select(backend => $"server {backend.Url.Authority};"));
            await using var edge = await EdgeProcess.StartAsync(url, workers: 1);
            await using var roundRobin = await NginxServer.StartAsync(Location, Upstream(servers, ""));
            await using var leastConnections = await NginxServer.StartAsync(Location, Upstream(servers, "least_conn;"));
            await Task.Delay(TimeSpan.FromSeconds(35), TimeProvider.System); // past the warm-up

            List<double> rates = [], peers = [], least = [];
            var figures = await Rounds.RunAsync(
                rounds,
                () => P99Async(new Uri(edge.Url, $"/{Service}/work"), seconds, rates),
                () => P99Async(new Uri(roundRobin.Endpoint, "/work"), seconds, peers),
                () => P99Async(new Uri(leastConnections.Endpoint, "/work"), seconds, least));

            var report = new BenchReport("edge-tail");
            report.Add("p99, edge to round robin", Rounds.MedianRatio(figures[0], figures[1]), "x", Target.AtMost(1), Detail(0, rates) + " to " + Detail(1, peers));
            report.Add("p99, edge to least_conn", Rounds.MedianRatio(figures[0], figures[2]), "x", Target.AtMost(1), Detail(0, rates) + " to " + Detail(2, least));
            return report.Print(Console.Out);

            string Detail(int index, List<double> rate) => $"{Rounds.Median(figures[index]):0.0} ms at {Rounds.Median(rate):#,0} a second";
        }
        finally
        {
            foreach (var (process, _) in backends)
            {
                await process.DisposeAsync();
            }
        }
    }

    private static async Task<double> P99Async(Uri url, int seconds, List<double> rates)
    {
        var run = await Wrk.RunAsync(url, seconds, 16);
        rates.Add(run.Rate);
        return run.P99;
    }

    private static async Task TurnAsync(Uri backend, object knobs)
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsJsonAsync(new Uri(backend, "/knobs"), knobs);
        answer.EnsureSuccessStatusCode();
    }

    private static string Upstream(string servers, string policy) => $$"""
        upstream peers {
            {{policy}}
            {{servers}}
            keepalive 512;
        }
        """;

    private const string Location = """
        location / {
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_pass http://peers;
        }
        """;
}
