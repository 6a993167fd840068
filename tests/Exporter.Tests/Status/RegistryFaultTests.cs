using System.Net;
using System.Text.Json;
using Fairway.Core.Directory;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.GrpcWire.Health;
using Fairway.GrpcWire.Orca;
using Fairway.Registry.Schema;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Status;

public sealed class RegistryFaultTests : ExporterTest
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await RegisterAsync();
    }

    [Fact]
    public async Task Registry_AwayAndBack_LosesNoDownMark()
    {
        Faulty.GoAway();
        Instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await Eventually.Passes(async () =>
            Assert.Contains("fairway_status_put_failures_total{error=\"Away\"}", await Host.MetricsAsync()));
        Assert.True(Log.IsUp("a"));
        Assert.Contains("fairway_instance_up{service=\"orders\",instance=\"a\",lane=\"\",zone=\"z1\"} 0\n", await Host.MetricsAsync());

        Faulty.ComeBack();

        await Eventually.True(() => Log.IsDown("a"), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Registry_AwayForDownAndUp_TellsTheLatest()
    {
        Faulty.GoAway();
        Instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await UntilUpIs(0);
        Instance.Health = HealthCheckResponse.Types.ServingStatus.Serving;
        await UntilUpIs(1);

        Faulty.ComeBack();
        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.3 });
        await Eventually.True(() => Log.Of("a") is [.., { Sample.Cpu: 0.3 }], TimeSpan.FromSeconds(5));

        Assert.DoesNotContain(Log.Of("a"), item => item.Life == Life.Down);
    }

    [Fact]
    public async Task Registry_Away_InstancesOfThenAreProbedWhenItIsBack()
    {
        Faulty.GoAway();
        await Registry.RegisterAsync(Instance.Record("b"));
        await Registry.DeregisterAsync(Instance.Record("a"));
        Faulty.ComeBack();

        await Log.UntilUp("b");
        await Eventually.Passes(async () => Assert.DoesNotContain("instance=\"a\"", await Host.MetricsAsync()));
    }

    [Fact]
    public async Task Lease_LostAndRegained_EverythingIsStatedAgain()
    {
        await using var other = await GrpcInstance.StartAsync();
        other.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await Registry.RegisterAsync(other.Record("b") with { Service = "payments" });
        await Log.UntilDown("b");
        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.3 });
        await Eventually.True(() => Log.Of("a") is [.., { Sample.Cpu: 0.3 }]);
        var lease = Log.Puts[^1].Lease;

        await Registry.RevokeAsync(lease);
        await Eventually.True(() => Log.Puts.Count(put => put.Batch is null) == 2, what: "the statuses go with the lease");

        await Eventually.True(
            () => Log.Puts.Where(put => put.Lease > 0 && put.Lease != lease).SelectMany(put => put.Batch!.Items).Select(item => item.Id).Distinct().Count() == 2);
        Assert.True(Log.Of("a") is [.., { Life: Life.Up, Sample.Cpu: 0.3 }]);
        Assert.True(Log.IsDown("b"));
        Assert.NotNull(await Registry.GetAsync(RegistryKeys.Exporter("e1")));
    }

    [Fact]
    public async Task Registry_BackAndMayHaveForgotten_EverythingIsStatedAgain()
    {
        // A registry restored from a backup has the lease, and not what was put on it since.
        var before = Log.Of("a").Count;
        var lease = Log.Puts[^1].Lease;
        Faulty.GoAway();
        await Registry.DeleteAsync(RegistryKeys.Statuses, prefix: true);
        Faulty.ComeBack();

        await Eventually.True(() => Log.Of("a").Count > before && Log.IsUp("a"));
        Assert.Equal(lease, Log.Puts[^1].Lease);
    }

    [Fact]
    public async Task Exporter_RegistersItselfAndLeavesNothingBehind()
    {
        var entry = await Registry.GetAsync(RegistryKeys.Exporter("e1"));
        var member = JsonDocument.Parse(entry!.Value.Value.ToByteArray()).RootElement;
        Assert.Equal(Host.Http.BaseAddress!.Authority, member.GetProperty("address").GetString());
        Assert.All(Log.Puts, put => Assert.Equal(entry.Value.Lease, put.Lease));

        await Host.DisposeAsync();

        Assert.Empty((await Registry.ListAsync(RegistryKeys.Exporters)).Entries);
        Assert.Empty((await Registry.ListAsync(RegistryKeys.Statuses)).Entries);
        Host = await ExporterHost.StartAsync(Faulty);
    }

    [Fact]
    public async Task Readyz_BeforeTheFirstListing_Is503()
    {
        var away = new FaultyRegistry(Registry);
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
        Assert.Contains($"fairway_instance_up{{service=\"orders\",instance=\"a\",lane=\"\",zone=\"z1\"}} {up}\n", await Host.MetricsAsync()));
}
