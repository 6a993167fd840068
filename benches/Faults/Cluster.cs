using Fairway.Core.Directory;
using Fairway.Product;
using Fairway.Registry.Etcd;
using Fairway.Registry.Schema;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Faults;

/// <summary>etcd, a Gateway, an Exporter and three Backends of one service, as processes.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    /// <summary>The Backend that faults happen to.</summary>
    public const string Victim = "orders-3";

    /// <summary>An instance put into the registry to see that changes come through.</summary>
    public const string Probe = "probe";

    private const string Service = "orders";

    private readonly TempFolder _folder = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly List<RealProcess> _backends = [];
    private EtcdServer _etcd = null!;
    private EtcdRegistry _registry = null!;
    private RealProcess _gateway = null!;
    private RealProcess? _exporter;
    private RealProcess _victim = null!;

    public BestList List { get; private set; } = null!;

    public EtcdRegistry Registry => _registry;

    public Uri Etcd => _etcd.Endpoint;

    public Uri Gateway { get; private set; } = null!;

    public static async Task<Cluster> StartAsync()
    {
        var cluster = new Cluster();
        try
        {
            await cluster.StartAllAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public void KillVictim() => _victim.Kill();

    public void FreezeVictim() => _victim.Freeze();

    public void ResumeVictim() => _victim.Resume();

    public void KillExporter() => _exporter!.Kill();

    /// <summary>Returns when the program serves again; it registers by itself.</summary>
    public async Task RestartVictimAsync()
    {
        await _victim.DisposeAsync();
        (_victim, _) = await ProductProcess.StartBackendAsync(_etcd.Endpoint, Service, Victim);
    }

    public async Task StartExporterAsync()
    {
        if (_exporter is not null)
        {
            await _exporter.DisposeAsync();
        }

        (_exporter, _) = await ProductProcess.StartExporterAsync(_etcd.Endpoint);
    }

    /// <summary>SIGKILL; returns when it answers as healthy again, with its data.</summary>
    public async Task RestartEtcdAsync()
    {
        _etcd.Kill();
        await _etcd.RestartAsync();
    }

    public Task RegisterProbeAsync() => _registry.PutAsync(
        RegistryKeys.Instance(Service, Probe),
        InstanceCodec.Encode(new InstanceRecord { Service = Service, Id = Probe, Address = "127.0.0.1:9", Probe = Probes.None }));

    public async Task RemoveProbeAsync()
    {
        await _registry.DeleteAsync(RegistryKeys.Instance(Service, Probe));
        await List.UntilGoneAsync(Probe, () => { });
    }

    /// <summary>
    /// While the Gateway stands still its watch is broken, the probe is registered, and all history is compacted: once it runs
    /// again it cannot resume and has to list. Returns when it runs again.
    /// </summary>
    public async Task CompactBehindGatewayAsync()
    {
        _gateway.Freeze();
        try
        {
            await RestartEtcdAsync();
            await RegisterProbeAsync();
            var revision = await _registry.PutAsync(RegistryKeys.Config("bench", "revision"), new byte[] { 1 });
            await _registry.CompactAsync(revision);
        }
        finally
        {
            _gateway.Resume();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_victim is not null)
        {
            _backends.Add(_victim);
        }

        await Task.WhenAll(_backends.Select(backend => backend.DisposeAsync().AsTask()));
        foreach (var process in new[] { _exporter, _gateway })
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }

        _registry?.Dispose();
        if (_etcd is not null)
        {
            await _etcd.DisposeAsync();
        }

        _http.Dispose();
        _folder.Dispose();
    }

    private async Task StartAllAsync()
    {
        _etcd = await EtcdServer.StartAsync();
        _registry = new EtcdRegistry(Options.Create(new EtcdOptions { Endpoints = [_etcd.Endpoint.GetLeftPart(UriPartial.Authority)] }));
        (_gateway, var url) = await ProductProcess.StartGatewayAsync(_folder, _etcd.Endpoint);
        Gateway = url;
        await StartExporterAsync();
        foreach (var id in new[] { "orders-1", "orders-2" })
        {
            _backends.Add((await ProductProcess.StartBackendAsync(_etcd.Endpoint, Service, id)).Process);
        }

        (_victim, _) = await ProductProcess.StartBackendAsync(_etcd.Endpoint, Service, Victim);
        List = new BestList(_http, new Uri(url, $"/v1/services/{Service}/best"));
        await Eventually.TrueAsync(async () => await ListedAsync() == 3, TimeSpan.FromSeconds(30));
    }

    private async Task<int> ListedAsync()
    {
        try
        {
            return (await List.ReadAsync()).Count;
        }
        catch (HttpRequestException)
        {
            return 0; // not heard of yet
        }
    }
}
