using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Fairway.Gateway.Auth.Tokens;
using Fairway.Testing;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>One after the other: each starts a handful of processes.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Clusters
{
    public const string Name = "clusters";
}

/// <summary>Silos, Gateways and a model as processes of their own, which meet in a real etcd.</summary>
internal sealed class Cluster(IReadOnlyList<Uri> etcd) : IAsyncDisposable
{
    public const string AdminKey = "admin-for-tests";

    /// <summary>For what takes milliseconds on a machine that is not loaded.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Twice the default: a machine that runs tests is slow, and a slow silo is not a dead one.</summary>
    private const string ProbeTimeout = "00:00:02";

    private const string Secret = "a secret that only tests know, and long enough";

    private readonly TempFolder _data = new();
    private readonly List<Member> _members = [];
    private Member? _model;

    public string Etcd { get; } = string.Join(',', etcd.Select(url => url.GetLeftPart(UriPartial.Authority)));

    public static string Token(string user) => TokenMint.Hs256(Secret, user, DateTimeOffset.UtcNow.AddHours(1));

    /// <summary>A database for all silos and Gateways that are started from now on.</summary>
    public string? Postgres { get; set; }

    /// <summary>Given to all silos and Gateways that are started from now on.</summary>
    public string[] Settings { get; set; } = [];

    public async Task<Member> StartSiloAsync(string name, string? etcd = null)
    {
        var port = FreePort.Next();
        var silo = await StartAsync(
            "Silo", name, ["--etcd", etcd ?? Etcd, "--name", name, "--admin-key", AdminKey, "--silo-port", $"{port}", .. Database, .. Settings]);
        silo.SiloPort = port;
        return silo;
    }

    /// <summary>A Gateway with a silo inside; one of the same name takes over what was kept.</summary>
    public Task<Member> StartGatewayAsync(string name, params string[] more) => StartGatewayAsync(name, more, null);

    /// <summary>A Gateway with a silo inside whose workers are a lane's; null is base's.</summary>
    public Task<Member> StartLaneGatewayAsync(string name, string? lane, params string[] more) =>
        StartGatewayAsync(name, more, new Dictionary<string, string?> { ["COLORING_ENV"] = lane ?? "" });

    /// <summary>A Gateway without a silo.</summary>
    public Task<Member> StartClientAsync(string name, params string[] more) => StartGatewayAsync(name, ["--client", .. more], null);

    public async Task StartModelAsync() => _model = await StartAsync("Model", "model");

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_members.Select(member => member.DisposeAsync().AsTask()));
        _data.Dispose();
    }

    private string[] Database => Postgres is null ? [] : [$"--History:Postgres:ConnectionString={Postgres}"];

    private Task<Member> StartGatewayAsync(string name, string[] more, IReadOnlyDictionary<string, string?>? environment) => StartAsync(
        "Gateway",
        name,
        environment ?? new Dictionary<string, string?>(),
        [
            "--etcd", Etcd, "--admin-key", AdminKey, "--jwt-secret", Secret, "--data", _data[name], $"--Gateway:Id={name}", $"--Engine:Name={name}",
            .. _model is null ? [] : (string[])[$"--Models:demo:BaseUrl={_model.Url}v1"], .. Database, .. Settings, .. more,
        ]);

    private Task<Member> StartAsync(string program, string name, params string[] arguments) =>
        StartAsync(program, name, new Dictionary<string, string?>(), arguments);

    private async Task<Member> StartAsync(string program, string name, IReadOnlyDictionary<string, string?> environment, string[] arguments)
    {
        var process = RealProcess.Start(new RealProcessStart(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, $"Fairway.{program}.dll"), "--port", "0", $"--Engine:ProbeTimeout={ProbeTimeout}", .. arguments])
        {
            // Many processes on few cores: the collector of servers would take a heap a core in each.
            Environment = new Dictionary<string, string?>(environment) { ["DOTNET_gcServer"] = "0", ["DOTNET_EnableDiagnostics"] = "0" },
        });
        var ready = await process.WaitForLineAsync(line => line.StartsWith("READY ", StringComparison.Ordinal), TimeSpan.FromMinutes(4));
        var member = new Member(name, process, new Uri(ready["READY ".Length..].Trim()));
        _members.Add(member);
        return member;
    }
}

/// <summary>One process of the cluster.</summary>
internal sealed class Member(string name, RealProcess process, Uri url) : IAsyncDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = url, Timeout = TimeSpan.FromMinutes(2) };

    public string Name => name;

    public RealProcess Process => process;

    public Uri Url => url;

    public HttpClient Http => _http;

    /// <summary>Where other silos reach a silo that is a process of its own.</summary>
    public int SiloPort { get; set; }

    /// <summary>How many silos this one holds for active.</summary>
    public async Task<int> ActiveSilosAsync()
    {
        const string Figure = "fairway_cluster_silos{state=\"Active\"} ";
        var line = (await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n').FirstOrDefault(text => text.StartsWith(Figure, StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line[Figure.Length..], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until this one sees so many active silos.</summary>
    public Task SeesAsync(int silos) => Eventually.TrueAsync(async () => await ActiveSilosAsync() == silos, Cluster.Patience, $"{name} sees {silos} silos");

    public async Task<HttpResponseMessage> RegisterAsync(string service, string id, int ttlSeconds = 600)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/services/{service}/instances/{id}");
        request.Headers.Add("x-admin-key", Cluster.AdminKey);
        request.Content = JsonContent.Create(new { address = "127.0.0.1:9", ttlSeconds });
        return await _http.SendAsync(request);
    }

    /// <summary>Ids on a service's list; throws when it cannot be read.</summary>
    public async Task<string[]> BestAsync(string service)
    {
        var list = await _http.GetFromJsonAsync<JsonElement>($"/v1/services/{service}/best");
        return [.. list.GetProperty("instances").EnumerateArray().Select(line => line.GetProperty("id").GetString()!).Order()];
    }

    /// <summary>The sum of a figure over those of its lines that contain all of these.</summary>
    public async Task<long> FigureAsync(string name, params string[] parts)
    {
        var metrics = await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return metrics.Split('\n')
            .Where(line => (line.StartsWith($"{name} ", StringComparison.Ordinal) || line.StartsWith($"{name}{{", StringComparison.Ordinal))
                && parts.All(part => line.Contains(part, StringComparison.Ordinal)))
            .Sum(line => long.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>The silos that hold a grain of this class.</summary>
    public async Task<string[]> HoldersAsync(string grain) =>
        [.. (await SilosAsync()).Where(silo => Has(silo, grain)).Select(silo => silo.GetProperty("silo").GetString()!)];

    /// <summary>The address of this process's silo; null for a client.</summary>
    public async Task<string?> OwnSiloAsync() => (await SilosAsync())
        .Where(silo => silo.GetProperty("grains").EnumerateArray().Any(line => line.GetProperty("callsPerSecond").ValueKind == JsonValueKind.Number))
        .Select(silo => silo.GetProperty("silo").GetString())
        .FirstOrDefault();

    /// <summary>Posts a prompt and returns its version; any answer but 202 is thrown: nothing was promised.</summary>
    public async Task<string> AskAsync(string user, string knobs, string conversation = "main", IReadOnlyDictionary<string, string>? headers = null)
    {
        using var request = Authorized(HttpMethod.Post, "/v1/streams", user);
        foreach (var (header, value) in headers ?? new Dictionary<string, string>())
        {
            request.Headers.Add(header, value);
        }

        request.Content = new StringContent(
            $$"""{"model":"demo","conversation":"{{conversation}}","messages":[{"role":"user","content":"go"}],"knobs":{{knobs}}}""", null, "application/json");
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        if ((int)response.StatusCode != 202)
        {
            throw new InvalidOperationException($"{name}: {(int)response.StatusCode} {text}");
        }

        return JsonSerializer.Deserialize<JsonElement>(text).GetProperty("version").GetString()!;
    }

    /// <summary>Follows a version to the end of the response; one that is told to come back (503 with Retry-After) does.</summary>
    /// <param name="after">The id of the last frame the reader has.</param>
    public async Task<StreamReading> FollowAsync(string user, string version, string? after = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var request = Authorized(HttpMethod.Get, $"/v1/streams/{version}/events", user);
            if (after is not null)
            {
                request.Headers.Add("Last-Event-ID", after);
            }

            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            if (response.Headers.RetryAfter?.Delta is not { } wait || TimeProvider.System.GetElapsedTime(began) > Cluster.Patience)
            {
                return await StreamReading.BeginAsync(response);
            }

            response.Dispose();
            await Task.Delay(wait, TimeProvider.System);
        }
    }

    public async Task<System.Net.HttpStatusCode> AcknowledgeAsync(string user, string version)
    {
        using var request = Authorized(HttpMethod.Post, $"/v1/streams/{version}/ack", user);
        using var response = await _http.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>Versions in the history of a conversation, newest first.</summary>
    public async Task<string[]> HistoryAsync(string user)
    {
        using var request = Authorized(HttpMethod.Get, "/v1/history", user);
        using var response = await _http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return [.. (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("version").GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await process.DisposeAsync();
    }

    private static bool Has(JsonElement silo, string grain) =>
        silo.GetProperty("grains").EnumerateArray().Any(line => line.GetProperty("type").GetString() == grain);

    private static HttpRequestMessage Authorized(HttpMethod method, string path, string user)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Cluster.Token(user));
        return request;
    }

    private async Task<JsonElement[]> SilosAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/grains");
        request.Headers.Add("x-admin-key", Cluster.AdminKey);
        using var response = await _http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return [.. (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("silos").EnumerateArray()];
    }
}
