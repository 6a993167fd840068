using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.Registry;
using Fairway.Registry.Etcd;
using Fairway.Registry.Memory;
using Fairway.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Exporter.Tests;

/// <summary>The program itself against real registries, with a sample service as its instances.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task Exporter_OnEtcd_FollowsRealInstances()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await FollowsRealInstancesAsync(etcd.Endpoint);
    }

    [Fact]
    public async Task Exporter_OnTheEmbeddedRegistry_FollowsRealInstances()
    {
        using var registry = new MemoryRegistry();
        await using var server = await MemoryRegistryServer.StartAsync(registry);
        await FollowsRealInstancesAsync(server.Endpoint);
    }

    [Fact]
    public async Task Exporter_EtcdKilledAndRestarted_KeepsItsDownMarks()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var services = Connect(etcd.Endpoint);
        var registry = services.GetRequiredService<IRegistry>();
        await using var log = new StatusLog(registry);
        await using var exporter = await StartExporterAsync(etcd.Endpoint);
        await using var instance = await GrpcInstance.StartAsync();
        await registry.RegisterAsync(instance.Record("a"));
        await log.UntilUp("a");

        etcd.Kill();
        await instance.DisposeAsync();
        await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System); // it goes down while nobody can be told
        await etcd.RestartAsync();

        await Eventually.True(() => log.IsDown("a"), TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Exporter_WithoutARegistry_SaysWhatToGive()
    {
        await using var exporter = Launch();

        Assert.Equal(2, await exporter.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("BAD_FIELD: no registry. Give --etcd URLS", exporter.Output);
    }

    private static async Task FollowsRealInstancesAsync(Uri endpoint)
    {
        await using var services = Connect(endpoint);
        await using var log = new StatusLog(services.GetRequiredService<IRegistry>());
        await using var exporter = await StartExporterAsync(endpoint);
        await using var killed = Backend("killed", endpoint);
        await using var frozen = Backend("frozen", endpoint);

        foreach (var id in new[] { "killed", "frozen" })
        {
            await log.UntilUp(id);
            await Eventually.True(() => log.Of(id).Any(item => item.Sample is { Cpu: >= 0, MemoryGib: > 0, InFlight: >= 0, Rps: > 0 }), what: $"{id} sampled");
        }

        // How long it takes is measured by ./bench faults.
        killed.Kill();
        await log.UntilDown("killed");
        frozen.Freeze();
        await log.UntilDown("frozen");
        frozen.Resume();
        await log.UntilUp("frozen");

        await exporter.StopAsync();
        Assert.True(exporter.ExitCode == 0, exporter.Output);
        await Eventually.True(() => log.Puts[^1].Batch is null, what: "its status goes with it");
    }

    private static ServiceProvider Connect(Uri endpoint) => new ServiceCollection()
        .AddRegistry(new ConfigurationBuilder().AddInMemoryCollection([new($"{EtcdOptions.Section}:Endpoints", endpoint.ToString())]).Build())
        .BuildServiceProvider();

    private static async Task<RealProcess> StartExporterAsync(Uri endpoint)
    {
        var exporter = Launch("--etcd", endpoint.ToString(), "--id", "e1", "--port", "0");
        var ready = await exporter.WaitForLineAsync(line => line.StartsWith("READY http://127.0.0.1:", StringComparison.Ordinal));
        using var http = new HttpClient { BaseAddress = new Uri(ready[6..]) };
        Assert.Contains("process_cpu_seconds_total", await http.GetStringAsync(new Uri("/metrics", UriKind.Relative)));
        return exporter;
    }

    private static RealProcess Launch(params string[] arguments) => Dotnet("Fairway.Exporter.dll", arguments);

    private static RealProcess Backend(string id, Uri endpoint) => Dotnet(
        "Fairway.Backend.dll",
        "--service", "orders", "--id", id, "--port", "0", "--etcd", endpoint.ToString(), "--self-rps", "20", "--latency-ms", "2");

    private static RealProcess Dotnet(string program, params string[] arguments) => RealProcess.Start(
        new RealProcessStart("dotnet", [Path.Combine(AppContext.BaseDirectory, program), .. arguments])
        {
            WorkingDirectory = Path.GetTempPath(),
            Environment = new Dictionary<string, string?> { ["DOTNET_ENVIRONMENT"] = "Production", ["Logging__Console__FormatterName"] = "simple" },
        });
}
