using System.Net;
using System.Text.Json;
using Fairway.Core.Directory;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.GrpcWire.Health;
using Fairway.GrpcWire.Orca;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Status;

public sealed class RegistryFaultTests : IAsyncLifetime
{
    private readonly MemoryRegistry _registry = new();
    private FaultyRegistry _faulty = null!;
    private StatusLog _log = null!;
    private ExporterHost _exporter = null!;
    private GrpcInstance _instance = null!;

    public async Task InitializeAsync()
    {
        _instance = await GrpcInstance.StartAsync();
        _faulty = new FaultyRegistry(_registry);
        _log = new StatusLog(_registry);
        _exporter = await ExporterHost.StartAsync(_faulty);
        await _registry.RegisterAsync(_instance.Record("a"));
        await _log.UntilUp("a");
    }

    public async Task DisposeAsync()
    {
        await _exporter.DisposeAsync();
        await _log.DisposeAsync();
        await _instance.DisposeAsync();
        _registry.Dispose();
    }

    [Fact]
    public async Task Registry_AwayAndBack_LosesNoDownMark()
    {
        _faulty.GoAway();
        _instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await Eventually.Passes(async () =>
            Assert.Contains("fairway_status_put_failures_total{error=\"Away\"}", await _exporter.MetricsAsync()));
        Assert.True(_log.IsUp("a"));
        Assert.Contains("fairway_instance_up{service=\"orders\",instance=\"a\",lane=\"\",zone=\"z1\"} 0\n", await _exporter.MetricsAsync());

        _faulty.ComeBack();

        await Eventually.True(() => _log.IsDown("a"), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Registry_AwayForDownAndUp_TellsTheLatest()
    {
        _faulty.GoAway();
        _instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await UntilUpIs(0);
        _instance.Health = HealthCheckResponse.Types.ServingStatus.Serving;
        await UntilUpIs(1);

        _faulty.ComeBack();
        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.3 });
        await Eventually.True(() => _log.Of("a") is [.., { Sample.Cpu: 0.3 }], TimeSpan.FromSeconds(5));

        Assert.DoesNotContain(_log.Of("a"), item => item.Life == Life.Down);
    }

    [Fact]
    public async Task Registry_Away_InstancesOfThenAreProbedWhenItIsBack()
    {
        _faulty.GoAway();
        await _registry.RegisterAsync(_instance.Record("b"));
        await _registry.DeregisterAsync(_instance.Record("a"));
        _faulty.ComeBack();

        await _log.UntilUp("b");
        await Eventually.Passes(async () => Assert.DoesNotContain("instance=\"a\"", await _exporter.MetricsAsync()));
    }

    [Fact]
    public async Task Lease_LostAndRegained_EverythingIsStatedAgain()
    {
        await using var other = await GrpcInstance.StartAsync();
        other.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await _registry.RegisterAsync(other.Record("b") with { Service = "payments" });
        await _log.UntilDown("b");
        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.3 });
        await Eventually.True(() => _log.Of("a") is [.., { Sample.Cpu: 0.3 }]);
        var lease = _log.Puts[^1].Lease;

        await _registry.RevokeAsync(lease);
        await Eventually.True(() => _log.Puts.Count(put => put.Batch is null) == 2, what: "the statuses go with the lease");

        await Eventually.True(
            () => _log.Puts.Where(put => put.Lease > 0 && put.Lease != lease).SelectMany(put => put.Batch!.Items).Select(item => item.Id).Distinct().Count() == 2);
        Assert.True(_log.Of("a") is [.., { Life: Life.Up, Sample.Cpu: 0.3 }]);
        Assert.True(_log.IsDown("b"));
        Assert.NotNull(await _registry.GetAsync(RegistryKeys.Exporter("e1")));
    }

    [Fact]
    public async Task Registry_BackAndMayHaveForgotten_EverythingIsStatedAgain()
    {
        // A registry restored from a backup has the lease, and not what was put on it since.
        var before = _log.Of("a").Count;
        var lease = _log.Puts[^1].Lease;
        _faulty.GoAway();
        await _registry.DeleteAsync(RegistryKeys.Statuses, prefix: true);
        _faulty.ComeBack();

        await Eventually.True(() => _log.Of("a").Count > before && _log.IsUp("a"));
        Assert.Equal(lease, _log.Puts[^1].Lease);
    }

    [Fact]
    public async Task Exporter_RegistersItselfAndLeavesNothingBehind()
    {
        var entry = await _registry.GetAsync(RegistryKeys.Exporter("e1"));
        var member = JsonDocument.Parse(entry!.Value.Value.ToByteArray()).RootElement;
        Assert.Equal(_exporter.Http.BaseAddress!.Authority, member.GetProperty("address").GetString());
        Assert.All(_log.Puts, put => Assert.Equal(entry.Value.Lease, put.Lease));

        await _exporter.DisposeAsync();

        Assert.Empty((await _registry.ListAsync(RegistryKeys.Exporters)).Entries);
        Assert.Empty((await _registry.ListAsync(RegistryKeys.Statuses)).Entries);
        _exporter = await ExporterHost.StartAsync(_faulty);
    }

    [Fact]
    public async Task Readyz_BeforeTheFirstListing_Is503()
    {
        var away = new FaultyRegistry(_registry);
        away.GoAway();
        await using var exporter = await ExporterHost.StartAsync(away, ("Exporter:Id", "e2"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(exporter, "/readyz"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(exporter, "/healthz"));

        away.ComeBack();
        await Eventually.TrueAsync(async () => await StatusAsync(exporter, "/readyz") == HttpStatusCode.OK);

        away.GoAway();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(exporter, "/readyz"));
    }

    private static async Task<HttpStatusCode> StatusAsync(ExporterHost exporter, string path)
    {
        using var response = await exporter.Http.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }

    private Task UntilUpIs(int up) => Eventually.Passes(async () =>
        Assert.Contains($"fairway_instance_up{{service=\"orders\",instance=\"a\",lane=\"\",zone=\"z1\"}} {up}\n", await _exporter.MetricsAsync()));
}
