using Fairway.GrpcWire;
using Fairway.GrpcWire.Health;
using Fairway.Registry.Etcd;
using Fairway.Registry.Schema;
using Fairway.Sdk.Tests.Registration;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Backend;

public sealed class BackendOnEtcdTests
{
    private static readonly TimeSpan Exit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Life_OnRealEtcd_RegistersAndLeavesOnSigTerm()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var registry = Connect(etcd);
        await using var backend = await BackendProcess.StartAsync(
            "--service", "orders", "--id", "orders-1", "--etcd", $"{etcd.Endpoint}", "--Fairway:DrainSeconds", "0.5");
        await Eventually.TrueAsync(async () => await registry.InstanceAsync() != null);
        var record = (await registry.InstanceAsync())!;
        Assert.Equal(backend.Http.BaseAddress!.Authority, record.Address);
        using (var probe = new GrpcChannel(new Uri($"http://{record.ProbeAddress}")))
        {
            var health = await probe.UnaryAsync(WellKnown.HealthCheck, new HealthCheckRequest());
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        }

        var stopping = backend.Process.StopAsync(Exit);

        await Eventually.TrueAsync(async () => await registry.InstanceAsync() is { Draining: true });
        Assert.Equal("ok", await backend.Http.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
        await stopping;
        Assert.Equal(0, backend.Process.ExitCode);
        Assert.Null(await registry.InstanceAsync());
    }

    [Fact]
    public async Task Life_Killed_LeavesWithItsLease()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var registry = Connect(etcd);
        await using var backend = await BackendProcess.StartAsync(
            "--service", "orders", "--id", "orders-1", "--etcd", $"{etcd.Endpoint}", "--Fairway:LeaseSeconds", "2");
        await Eventually.TrueAsync(async () => await registry.InstanceAsync() != null);

        backend.Process.Kill();

        Assert.NotNull(await registry.InstanceAsync());
        await Eventually.TrueAsync(async () => await registry.InstanceAsync() == null);
    }

    [Fact]
    public async Task Life_EtcdRestarted_StaysRegistered()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var registry = Connect(etcd);
        await using var backend = await BackendProcess.StartAsync(
            "--service", "orders", "--id", "orders-1", "--etcd", $"{etcd.Endpoint}", "--Fairway:LeaseSeconds", "3");
        await Eventually.TrueAsync(async () => await registry.InstanceAsync() != null);
        var lease = (await registry.GetAsync(RegistryKeys.Instance("orders", "orders-1")))!.Value.Lease;

        etcd.Kill();
        Assert.Equal("ok", await backend.Http.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
        await etcd.RestartAsync();
        await registry.RevokeAsync(lease);

        await Eventually.TrueAsync(async () => await registry.InstanceAsync() != null);
    }

    private static EtcdRegistry Connect(EtcdServer etcd) =>
        new(Microsoft.Extensions.Options.Options.Create(new EtcdOptions { Endpoints = [$"{etcd.Endpoint}"] }));
}
