using System.Globalization;
using Fairway.Testing;

namespace Fairway.Edge;

/// <summary>The edge, started by its launcher on a free loopback port.</summary>
internal sealed class EdgeProcess : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly RealProcess _process;

    private EdgeProcess(Uri gateway, int workers)
    {
        var port = FreePort.Next();
        Url = new Uri($"http://127.0.0.1:{port}");
        Http = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(20) };
        _process = RealProcess.Start(new RealProcessStart(Path.Combine(Root(), "openresty", "edge"), _folder.Path)
        {
            Environment = new Dictionary<string, string?>
            {
                ["Edge__Port"] = $"{port}",
                ["Edge__Workers"] = $"{workers}",
                ["Edge__Gateways"] = gateway.GetLeftPart(UriPartial.Authority),
                ["Edge__LogLevel"] = "crit",
            },
        });
    }

    public Uri Url { get; }

    public HttpClient Http { get; }

    public IReadOnlyList<int> WorkerPids => NginxServer.Children(_process.Pid);

    /// <summary>Starts it and waits for its first list.</summary>
    public static async Task<EdgeProcess> StartAsync(Uri gateway, int workers)
    {
        var edge = new EdgeProcess(gateway, workers);
        try
        {
            await edge._process.WaitReadyAsync(async () => (await edge.Http.GetAsync(new Uri("/readyz", UriKind.Relative))).IsSuccessStatusCode);
            return edge;
        }
        catch
        {
            await edge.DisposeAsync();
            throw;
        }
    }

    /// <summary>The sum of a counter over its series.</summary>
    public async Task<double> SumAsync(string metric)
    {
        var text = await Http.GetStringAsync(new Uri("/edge/metrics", UriKind.Relative));
        return text.Split('\n')
            .Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal) || line.StartsWith(metric + " ", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The bench runs outside the project.");
        }

        return folder.FullName;
    }
}
