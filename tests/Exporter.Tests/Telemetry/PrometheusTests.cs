using System.Diagnostics;
using System.Text.Json;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.GrpcWire.Orca;
using Fairway.Registry.Memory;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Telemetry;

/// <summary>What is served is what a real Prometheus reads.</summary>
public sealed class PrometheusTests : IAsyncLifetime
{
    private readonly MemoryRegistry _registry = new();
    private readonly TempFolder _folder = new();
    private ExporterHost _exporter = null!;
    private GrpcInstance _instance = null!;

    public async Task InitializeAsync()
    {
        _instance = await GrpcInstance.StartAsync();
        _exporter = await ExporterHost.StartAsync(_registry);
        await _registry.RegisterAsync(_instance.Record("a-1") with { Lane = "blue", Zone = "quote\"back\\slash\nline" });
        var report = new OrcaLoadReport { CpuUtilization = 1.5, RpsFractional = 10, Eps = 1 };
        report.NamedMetrics["in_flight"] = 7;
        report.NamedMetrics["latency_ms"] = 12.5;
        report.NamedMetrics["memory_gib"] = 0.5;
        _instance.Report(report);
        await Eventually.Passes(async () => Assert.Contains("fairway_instance_cpu_ratio{", await _exporter.MetricsAsync()));
    }

    public async Task DisposeAsync()
    {
        await _exporter.DisposeAsync();
        await _instance.DisposeAsync();
        _registry.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Metrics_AreWithoutFaultForPromtool()
    {
        using var promtool = Process.Start(new ProcessStartInfo(RealProcess.Find("promtool", "prometheus"), ["check", "metrics"])
        {
            RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        await promtool.StandardInput.WriteAsync(await _exporter.MetricsAsync());
        promtool.StandardInput.Close();
        var findings = await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();

        Assert.True(promtool.ExitCode == 0 && findings.Length == 0, findings);
    }

    [Fact]
    public async Task Prometheus_Scraping_HasEveryFigureWithItsLabels()
    {
        await using var prometheus = await StartPrometheusAsync();
        using var http = new HttpClient { BaseAddress = prometheus.Address };

        foreach (var (metric, value) in new[]
        {
            ("fairway_instance_up", "1"), ("fairway_instance_cpu_ratio", "1.5"), ("fairway_instance_memory_bytes", "536870912"),
            ("fairway_instance_in_flight", "7"), ("fairway_instance_latency_seconds", "0.0125"),
            ("fairway_instance_requests_per_second", "10"), ("fairway_instance_error_ratio", "0.1"),
        })
        {
            await Eventually.Passes(async () =>
            {
                var json = await http.GetStringAsync(new Uri($"/api/v1/query?query={metric}", UriKind.Relative));
                var result = JsonDocument.Parse(json).RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Single();
                var labels = result.GetProperty("metric");
                Assert.Equal("orders", labels.GetProperty("service").GetString());
                Assert.Equal("a-1", labels.GetProperty("exported_instance").GetString());
                Assert.Equal("blue", labels.GetProperty("lane").GetString());
                Assert.Equal("quote\"back\\slash\nline", labels.GetProperty("zone").GetString());
                Assert.Equal(value, result.GetProperty("value")[1].GetString());
            });
        }
    }

    private async Task<PrometheusServer> StartPrometheusAsync()
    {
        var config = _folder["prometheus.yml"];
        await File.WriteAllTextAsync(config, $"""
            global:
              scrape_interval: 1s
              scrape_timeout: 1s
            scrape_configs:
              - job_name: exporter
                static_configs:
                  - targets: ['{_exporter.Http.BaseAddress!.Authority}']
            """);
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        var process = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("prometheus", "prometheus"),
            $"--config.file={config}", $"--storage.tsdb.path={_folder["data"]}", $"--web.listen-address={address.Authority}"));
        using var http = new HttpClient { BaseAddress = address };
        await process.WaitReadyAsync(async () => (await http.GetAsync(new Uri("/-/ready", UriKind.Relative))).IsSuccessStatusCode);
        return new PrometheusServer(process, address);
    }

    private sealed record PrometheusServer(RealProcess Process, Uri Address) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Process.DisposeAsync();
    }
}
