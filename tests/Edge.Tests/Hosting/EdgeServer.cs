using System.Net;
using System.Text.Json;
using Fairway.Testing;

namespace Fairway.Edge.Tests;

/// <summary>
/// The edge as its launcher starts it, on free loopback ports with a folder of its own. It keeps ports, folder and options over
/// <see cref="RestartAsync"/>.
/// </summary>
public sealed class EdgeServer : IAsyncDisposable
{
    public const string AdminKey = "edge-admin";
    public const string JwtSecret = "edge-secret";
    public const string LaneKey = "lane-secret";

    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, string?> _options;
    private RealProcess? _process;

    private EdgeServer(IEnumerable<Uri> gateways, IEnumerable<(string Name, string Value)> options)
    {
        Port = FreePort.Next();
        Client = NewClient();
        _options = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Edge__Port"] = $"{Port}",
            ["Edge__Workers"] = "2",
            ["Edge__Connections"] = "2048",
            ["Edge__Gateways"] = string.Join(',', gateways.Select(gateway => gateway.GetLeftPart(UriPartial.Authority))),
            ["Auth__AdminKey"] = AdminKey,
            ["Auth__Hs256Secret"] = JwtSecret,
            ["Lanes__Keys__k1"] = LaneKey,
        };
        foreach (var (name, value) in options)
        {
            _options[name] = value;
        }
    }

    public int Port { get; }

    /// <summary>For <c>Edge__GrpcPort</c>, where a test wants one.</summary>
    public int GrpcPort { get; set; }

    public Uri Endpoint => new($"http://127.0.0.1:{Port}");

    /// <summary>Follows no redirects and keeps no cookies.</summary>
    public HttpClient Client { get; }

    public RealProcess Process => _process ?? throw new InvalidOperationException("The edge is not started.");

    public IReadOnlyList<int> WorkerPids => NginxServer.Children(Process.Pid);

    public string SnapshotFile => _folder["state/snapshot"];

    public string ErrorLog => Process.Output;

    /// <summary>Starts it and waits until its port is open; <see cref="ReadyAsync"/> waits for its first list.</summary>
    public static Task<EdgeServer> StartAsync(Uri gateway, params (string Name, string Value)[] options) => StartAsync([gateway], options);

    public static async Task<EdgeServer> StartAsync(IEnumerable<Uri> gateways, params (string Name, string Value)[] options)
    {
        var edge = new EdgeServer(gateways, options);
        try
        {
            await edge.RestartAsync();
            return edge;
        }
        catch
        {
            await edge.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the launcher says to these options; it must refuse them.</summary>
    public static async Task<string> RefusalAsync(params (string Name, string Value)[] options)
    {
        await using var edge = new EdgeServer([new Uri("http://127.0.0.1:1")], options);
        var process = edge.Launch();
        await using var ended = process;
        Assert.NotEqual(0, await process.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        return process.Output;
    }

    /// <summary>Starts it again where it was, after stopping what still runs.</summary>
    public async Task RestartAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _process = Launch();
        await _process.WaitReadyAsync(async () => (await Client.GetAsync("/healthz")).IsSuccessStatusCode);
    }

    public void Change(string option, string value) => _options[option] = value;

    /// <summary>Returns when it has a list.</summary>
    public Task ReadyAsync() => Eventually.TrueAsync(async () => (await Client.GetAsync("/readyz")).IsSuccessStatusCode);

    public void Reload() => Signals.Send(Process.Pid, Signals.Hangup);

    /// <summary>SIGQUIT: ends with its last request.</summary>
    public void Drain() => Signals.Send(Process.Pid, Signals.Quit);

    public HttpClient NewClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
    {
        BaseAddress = Endpoint,
        Timeout = TimeSpan.FromSeconds(30),
    };

    public Task<Reply> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public async Task<Reply> SendAsync(HttpMethod method, string path, HttpContent? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Client.SendAsync(request);
        return await Reply.ReadAsync(response);
    }

    public async Task<JsonElement> StatusAsync() => (await GetAsync("/edge/status")).Json;

    /// <summary>The value of a series of <c>/edge/metrics</c>, spelled whole; 0 where it is missing.</summary>
    public async Task<double> MetricAsync(string series)
    {
        var text = (await GetAsync("/edge/metrics")).Text;
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(series.Length + 1)..]);
    }

    /// <summary>The sum of all series of a metric; workers hand over what they counted once a second.</summary>
    public async Task<double> SumAsync(string metric)
    {
        var text = (await GetAsync("/edge/metrics")).Text;
        return text.Split('\n')
            .Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal) || line.StartsWith(metric + " ", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private RealProcess Launch() => RealProcess.Start(new RealProcessStart(Path.Combine(Root(), "openresty", "edge"), _folder.Path) { Environment = _options });

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the project.");
        }

        return folder.FullName;
    }
}

/// <summary>A response, read.</summary>
public sealed record Reply(HttpStatusCode Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>The code of a refusal.</summary>
    public string? Code => Json.GetProperty("code").GetString();

    /// <summary>Who answered, of a <see cref="Service"/>.</summary>
    public string? Id => Status == HttpStatusCode.OK ? Json.GetProperty("id").GetString() : null;

    public static async Task<Reply> ReadAsync(HttpResponseMessage response) => new(
        response.StatusCode,
        await response.Content.ReadAsStringAsync(),
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase));

    /// <summary>A header that the instance got, of a <see cref="Service"/>; null when it did not.</summary>
    public string? Got(string header) => Json.GetProperty("headers").TryGetProperty(header.ToLowerInvariant(), out var value) ? value.GetString() : null;

    /// <summary>Asserts a refusal: status, code, and the shape of problem details.</summary>
    public void AssertRefused(HttpStatusCode status, string code)
    {
        Assert.Equal(status, Status);
        Assert.Equal("application/problem+json", Headers["Content-Type"]);
        Assert.Equal(code, Code);
        Assert.Equal((int)status, Json.GetProperty("status").GetInt32());
        Assert.NotEqual("", Json.GetProperty("title").GetString());
        Assert.NotEqual("", Json.GetProperty("detail").GetString());
    }
}
