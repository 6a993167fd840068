using System.Net.Http.Json;
using System.Text.Json;
using Fairway.Sdk.Tests.Backend;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Client;

/// <summary>A Gateway and three Backends as processes of their own, and a client of theirs.</summary>
public sealed class RealGatewayTests : IAsyncLifetime
{
    private const string AdminKey = "sdk-tests";

    private readonly TempFolder _data = new();
    private readonly List<BackendProcess> _backends = [];
    private RealProcess _gateway = null!;
    private Uri _url = null!;
    private ClientHost _client = null!;

    public async Task InitializeAsync()
    {
        try
        {
            await StartAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async Task DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        await Task.WhenAll(_backends.Select(backend => backend.DisposeAsync().AsTask()));
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        _data.Dispose();
    }

    [Fact]
    public async Task Get_ByName_FindsAllFollowsTheOperatorAndOutlivesAnInstanceAndTheGateway()
    {
        // All serve, and say in band how busy they are. One that came late has a tenth of the weight at first.
        var seen = new HashSet<string>();
        await Eventually.TrueAsync(
            async () =>
            {
                seen.UnionWith(await WorkAsync(20));
                return seen.Count == 3;
            },
            TimeSpan.FromMinutes(1));
        Assert.Equal(["orders-1", "orders-2", "orders-3"], seen.Order());
        Assert.InRange(_client.Endpoint("orders-1").Reported, 0, 3);

        // One dies: no request fails, though the list may still name it.
        _backends[0].Process.Kill();
        var ids = await WorkAsync(100);
        Assert.DoesNotContain("orders-1", ids);

        // The operator has the last word.
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("x-admin-key", AdminKey);
        using var put = await http.PutAsJsonAsync(
            new Uri(_url, "/v1/services/orders/policy"),
            new { mode = "manual", weights = new Dictionary<string, int> { ["orders-3"] = 100 }, author = "test", reason = "all to one" });
        put.EnsureSuccessStatusCode();
        await Eventually.True(() => _client.Reader.Current.Find("orders")!.Mode == "manual", TimeSpan.FromSeconds(30));
        Assert.All(await WorkAsync(30), id => Assert.Equal("orders-3", id));

        // Nobody tells lists any more: the last one stands.
        _gateway.Kill();
        Assert.All(await WorkAsync(30), id => Assert.Equal("orders-3", id));
    }

    private async Task StartAsync()
    {
        // artifacts/{engine}/bin/{project}/release
        var program = Path.GetFullPath(Path.Combine(
            AppContext.BaseDirectory, "..", "..", "Gateway", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "Fairway.Gateway.dll"));
        _gateway = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("dotnet", "dotnet-sdk-10.0"), program, "--port", "0", "--data", _data["gateway"], "--admin-key", AdminKey));
        var etcd = await _gateway.WaitForLineAsync(line => line.StartsWith("ETCD ", StringComparison.Ordinal), TimeSpan.FromMinutes(2));
        var ready = await _gateway.WaitForLineAsync(line => line.StartsWith("READY ", StringComparison.Ordinal), TimeSpan.FromMinutes(2));
        _url = new Uri(ready["READY ".Length..].Trim());
        for (var i = 1; i <= 3; i++)
        {
            _backends.Add(await BackendProcess.StartAsync(
                "--etcd", etcd["ETCD ".Length..].Trim(), "--service", "orders", "--id", $"orders-{i}", "--latency-ms", "1", "--cpu-ms", "0"));
        }

        _client = new ClientHost([_url.GetLeftPart(UriPartial.Authority)]);
        _client.Reader.Start();
        await Eventually.True(() => Serving() == 3, TimeSpan.FromMinutes(2));
    }

    private int Serving() => _client.Reader.Current.Find("orders")?.Serving("").Length ?? 0;

    /// <summary>Who did the work; each request must succeed.</summary>
    private async Task<List<string>> WorkAsync(int times)
    {
        var ids = new List<string>();
        for (var i = 0; i < times; i++)
        {
            var answer = await _client.Http.GetFromJsonAsync<JsonElement>(new Uri("http://orders/work"));
            ids.Add(answer.GetProperty("id").GetString()!);
        }

        return ids;
    }
}
