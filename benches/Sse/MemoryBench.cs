using System.Globalization;
using Fairway.Product;
using Fairway.Report;

namespace Fairway.Sse;

/// <summary><c>./bench sse-memory</c>: what an idle connection that follows a stream costs a process that has done nothing before.</summary>
internal static class MemoryBench
{
    private const int Connections = 4000;
    private const int Few = 100;
    private const int Streams = 8;

    /// <summary>What Chromium sends with an EventSource, a cookie of a session among it.</summary>
    private static readonly string BrowserHeaders = string.Join("\r\n",
        "Connection: keep-alive", "Cache-Control: no-cache",
        """sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99" """.TrimEnd(), "sec-ch-ua-mobile: ?0", """sec-ch-ua-platform: "Linux" """.TrimEnd(),
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Referer: http://127.0.0.1:8080/chat/with/some/path",
        "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: en-GB,en;q=0.9,de;q=0.8", "Last-Event-ID: ",
        $"Cookie: theme=dark; consent={new string('c', 120)}") + "\r\n";

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", 3);
        var only = arguments.Text("--only");
        await using var feed = await Feed.StartAsync();
        var servers = new (string Name, bool IsBrowser, double? Target, Func<string, Task<double>> Measure)[]
        {
            ("Gateway, short headers", false, 11, more => GatewayAsync(feed, more)),
            ("Gateway, a browser's headers", true, 13, more => GatewayAsync(feed, more)),
            ("nchan, short headers", false, null, NchanAsync),
            ("nchan, a browser's headers", true, null, NchanAsync),
            ("bare Kestrel, short headers", false, null, more => KestrelAsync("bare", more)),
            ("bare Kestrel, a browser's headers", true, null, more => KestrelAsync("bare", more)),
            ("the framework's SSE result, short headers", false, null, more => KestrelAsync("framework", more)),
            ("the framework's SSE result, a browser's headers", true, null, more => KestrelAsync("framework", more)),
        }.Where(server => only is null || server.Name.StartsWith(only, StringComparison.OrdinalIgnoreCase)).ToArray();

        var figures = servers.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < servers.Length; i++)
            {
                figures[i].Add(await servers[i].Measure(servers[i].IsBrowser ? BrowserHeaders : ""));
                await Console.Error.WriteLineAsync($"{servers[i].Name}: {figures[i][^1] / 1024:0.0} KiB");
            }
        }

        var report = new BenchReport("sse-memory");
        for (var i = 0; i < servers.Length; i++)
        {
            report.Add(
                $"{servers[i].Name}, a connection", Rounds.Median(figures[i]) / 1024, " KiB", servers[i].Target is { } most ? Target.AtMost(most) : null,
                string.Create(CultureInfo.InvariantCulture, $"{Connections:#,0} connections after {Few}, {rounds} cold processes, {figures[i].Min() / 1024:0.0} to {figures[i].Max() / 1024:0.0}"));
        }

        return report.Print(Console.Out);
    }

    private static async Task<double> GatewayAsync(Feed feed, string more)
    {
        await using var gateway = await StreamGateway.StartAsync(feed);
        var token = StreamGateway.Token("memory");
        var paths = await Many.OfAsync(Streams, async index =>
        {
            using var response = await gateway.PostAsync(token, $$"""{"conversation":"c{{index}}","messages":[{"role":"user","content":"x"}],"feed":{{index}}}""");
            return (await response.Content.ReadFromJsonAsync<Accepted>())!.Events;
        });
        return await GrowthAsync(gateway.Process.Pid, gateway.Url, index => SseSocket.Get(gateway.Url, paths[index % Streams], token, more));
    }

    private static async Task<double> NchanAsync(string more)
    {
        await using var nchan = await Nchan.StartAsync();
        return await GrowthAsync(nchan.WorkerPid, nchan.Url, index => SseSocket.Get(nchan.Url, Nchan.Subscriber(index % Streams), null, more));
    }

    private static async Task<double> KestrelAsync(string kind, string more)
    {
        var (process, url) = await ProductProcess.StartAsync("Sse", "kestrel");
        await using var stop = process;
        return await GrowthAsync(process.Pid, url, index => SseSocket.Get(url, $"/{kind}/{index % Streams}", null, more));
    }

    /// <summary>Resident bytes a connection, once all of them have been idle for a while.</summary>
    private static async Task<double> GrowthAsync(int pid, Uri url, Func<int, string> request)
    {
        // A few first, which load and compile the code that all need.
        var first = await Many.OfAsync(Few, index => SseSocket.OpenAsync(url, request(index), onLine: null));
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        var before = ProcessUsage.Of(pid).ResidentBytes;
        var sockets = await Many.OfAsync(Connections, index => SseSocket.OpenAsync(url, request(index), onLine: null));
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        var after = ProcessUsage.Of(pid).ResidentBytes;
        foreach (var socket in sockets.Concat(first))
        {
            socket.Cut();
        }

        return (after - before) / Connections;
    }

    private sealed record Accepted(string Events);
}
