using System.Diagnostics;
using System.Text.Json;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Product;
using Fairway.Registry.Etcd;
using Fairway.Registry.Schema;
using Fairway.Testing;

namespace Fairway.Faults;

/// <summary>A lane with one Backend of its own, a second Gateway beside the cluster's, and how long each takes to act on a change.</summary>
internal sealed class LaneFaults : IAsyncDisposable
{
    private const string Lane = "bench";
    private const string Service = "lane-orders";
    private const string Id = "lane-orders-1";

    private static readonly string[] Testers = ["wanda"];
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly EtcdRegistry _registry;
    private readonly Uri _etcd;
    private readonly List<Uri> _gateways = [];
    private RealProcess? _second;
    private RealProcess? _backend;

    public LaneFaults(Cluster cluster)
    {
        _registry = cluster.Registry;
        _etcd = cluster.Etcd;
        _gateways.Add(cluster.Gateway);
    }

    public async Task StartAsync()
    {
        (_second, var url) = await ProductProcess.StartGatewayAsync(_folder, _etcd);
        _gateways.Add(url);
        await _registry.PutAsync(RegistryKeys.Lane(Lane), LaneCodec.Encode(new LaneRecord(Lane, "bench", DateTimeOffset.UtcNow, null)));
        await _registry.PutAsync(
            RegistryKeys.Instance(Service, "base"),
            InstanceCodec.Encode(new InstanceRecord { Service = Service, Id = "base", Address = "127.0.0.1:9", Probe = Probes.None }));
        await EverywhereAsync("", route => Candidates(route).Contains("base"));
    }

    /// <summary>Seconds from the registration of an instance in the lane until both Gateways route there.</summary>
    public async Task<double> RegisterAsync()
    {
        const string probe = "lane-probe";
        var key = RegistryKeys.Instance(Service, probe);
        var seconds = await TimeAsync(
            () => _registry.PutAsync(key, InstanceCodec.Encode(new InstanceRecord { Service = Service, Id = probe, Address = "127.0.0.1:9", Lane = Lane, Probe = Probes.None })),
            $"?label={Lane}", route => Candidates(route).Contains(probe));
        await _registry.DeleteAsync(key);
        await EverywhereAsync($"?label={Lane}", route => !Candidates(route).Contains(probe));
        return seconds;
    }

    /// <summary>Seconds from the SIGKILL of the lane's only Backend until both Gateways say <c>LANE_SERVICE_DOWN</c>.</summary>
    public async Task<double> CrashAsync()
    {
        if (_backend is not null)
        {
            await _backend.DisposeAsync();
        }

        (_backend, _) = await ProductProcess.StartBackendAsync(_etcd, Service, Id, Lane);
        await EverywhereAsync($"?label={Lane}", route => Candidates(route).Contains(Id));
        return await TimeAsync(
            () =>
            {
                _backend.Kill();
                return Task.CompletedTask;
            },
            $"?label={Lane}", route => route.GetProperty("code").GetString() == RouteCodes.LaneServiceDown);
    }

    /// <summary>Seconds from the write of the kill switch at one Gateway until both give its users to base.</summary>
    public async Task<double> KillSwitchAsync()
    {
        await GreyAsync(kill: false);
        await EverywhereAsync("?user=wanda", route => route.GetProperty("label").GetString() == Lane);
        return await TimeAsync(() => GreyAsync(kill: true), "?user=wanda", route => route.GetProperty("label").GetString() is null);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { _backend, _second })
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }

        _http.Dispose();
        _folder.Dispose();
    }

    private static IEnumerable<string?> Candidates(JsonElement route) => route.GetProperty("candidates").EnumerateArray().Select(id => id.GetString());

    private async Task GreyAsync(bool kill)
    {
        using var put = new HttpRequestMessage(HttpMethod.Put, new Uri(_gateways[0], $"/v1/services/{Service}/grey"))
        {
            Content = new StringContent(JsonSerializer.Serialize(new { target = Lane, whitelist = Testers, kill })),
        };
        put.Headers.Add("x-admin-key", ProductProcess.AdminKey);
        using var answer = await _http.SendAsync(put);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<double> TimeAsync(Func<Task> change, string query, Func<JsonElement, bool> holds)
    {
        var began = Stopwatch.GetTimestamp();
        await change();
        await EverywhereAsync(query, holds);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private async Task EverywhereAsync(string query, Func<JsonElement, bool> holds)
    {
        var began = Stopwatch.GetTimestamp();
        foreach (var gateway in _gateways)
        {
            while (await RouteAsync(gateway, query) is var route && !holds(route))
            {
                if (Stopwatch.GetElapsedTime(began) > Patience)
                {
                    throw new TimeoutException($"{gateway} does not route '{query}' as expected after {Patience.TotalSeconds:0} s, but: {route}");
                }

                await Task.Delay(Interval, TimeProvider.System);
            }
        }
    }

    private async Task<JsonElement> RouteAsync(Uri gateway, string query)
    {
        await using var body = await _http.GetStreamAsync(new Uri(gateway, $"/v1/services/{Service}/route{query}"));
        using var document = await JsonDocument.ParseAsync(body);
        return document.RootElement.Clone();
    }
}
