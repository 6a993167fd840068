using System.Globalization;
using Fairway.Core.Directory;
using Fairway.Product;
using Fairway.Registry.Etcd;
using Fairway.Registry.Schema;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Load;

/// <summary>What the real Exporter puts a tick: many instances in many services, all of them reported by one Backend.</summary>
internal static class ExporterRun
{
    public const int Services = 100;
    public const int Instances = 1_000;

    private const int Seconds = 15;

    /// <summary>A tick is a second, and so many may fall into the time that is measured.</summary>
    private const int Ticks = Seconds + 1;

    /// <summary>Puts, and bytes put, a tick.</summary>
    public static async Task<(double Puts, double Bytes)> MeasureAsync()
    {
        await using var etcd = await EtcdServer.StartAsync();
        var (backend, _) = await ProductProcess.StartBackendAsync(etcd.Endpoint, "service-000", "backend");
        await using var stopBackend = backend;
        using var registry = new EtcdRegistry(Options.Create(new EtcdOptions { Endpoints = [etcd.Endpoint.GetLeftPart(UriPartial.Authority)] }));
        InstanceRecord? own = null;
        await Eventually.TrueAsync(async () =>
            await registry.GetAsync(RegistryKeys.Instance("service-000", "backend")) is { } entry
            && InstanceCodec.TryDecode("service-000", "backend", entry.Value.Span, out own));
        for (var i = 1; i < Instances; i++)
        {
            var record = own! with { Service = $"service-{i % Services:000}", Id = $"copy-{i:0000}" };
            await registry.PutAsync(RegistryKeys.Instance(record.Service, record.Id), InstanceCodec.Encode(record));
        }

        var (exporter, url) = await ProductProcess.StartExporterAsync(etcd.Endpoint);
        await using var stopExporter = exporter;
        using var http = new HttpClient { BaseAddress = url };
        await Task.Delay(TimeSpan.FromSeconds(10), TimeProvider.System); // its streams are open
        var before = await CountersAsync(http);
        await Task.Delay(TimeSpan.FromSeconds(Seconds), TimeProvider.System);
        var after = await CountersAsync(http);
        return ((after.Puts - before.Puts) / Ticks, (after.Bytes - before.Bytes) / Ticks);
    }

    private static async Task<(double Puts, double Bytes)> CountersAsync(HttpClient http)
    {
        var lines = (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n');
        return (Value("fairway_status_puts_total"), Value("fairway_status_put_bytes_total"));

        double Value(string name) => lines.Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }
}
