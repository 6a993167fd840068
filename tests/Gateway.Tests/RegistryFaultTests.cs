using System.Net;
using Fairway.Testing;

namespace Fairway.Gateway.Tests;

/// <summary>The Gateway on a real etcd that goes away.</summary>
public sealed class RegistryFaultTests
{
    [Fact]
    public async Task Etcd_KilledAndRestarted_ListsStandStaleThenCurrent()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var host = await GatewayHost.StartAsync(
            "--etcd", etcd.Endpoint.GetLeftPart(UriPartial.Authority),
            "--Registry:Etcd:RequestTimeout=00:00:01", "--Registry:Etcd:AttemptTimeout=00:00:00.500");
        await host.RegisterAsync("orders", "a", ",\"ttlSeconds\":600");

        etcd.Kill();
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/services/orders/best")).Json.GetProperty("stale").GetBoolean());
        Assert.Equal(["a"], await host.IdsAsync("orders"));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/readyz")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/v1/edge/snapshot")).Status);
        (await host.PutAsync("/v1/services/orders/instances/b", """{"address":"10.0.0.1:81"}""")).AssertRefused(HttpStatusCode.ServiceUnavailable, "REGISTRY_AWAY");
        (await host.GetAsync("/v1/services/orders/policy")).AssertRefused(HttpStatusCode.ServiceUnavailable, "REGISTRY_AWAY");

        await etcd.RestartAsync();
        await Eventually.TrueAsync(async () => !(await host.GetAsync("/v1/services/orders/best")).Json.GetProperty("stale").GetBoolean());
        Assert.Equal(["a"], await host.IdsAsync("orders"));
        await host.RegisterAsync("orders", "b", port: 81);
        Assert.Equal(2, (await host.IdsAsync("orders")).Length);
    }

    /// <summary>With FAIRWAY_SOAK for 30 s of the clock.</summary>
    [Fact]
    public async Task Etcd_Away_LastDeclarationsHold()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var host = await GatewayHost.StartAsync("--etcd", etcd.Endpoint.GetLeftPart(UriPartial.Authority));
        await host.RegisterAsync("orders", "a", ",\"ttlSeconds\":600");
        await host.PutAsync("/v1/lanes/blue", """{"owner":"ann"}""");
        await host.PutAsync("/v1/lanes/blue/services/orders", "{}");
        await host.PutAsync("/v1/lanes/green", """{"owner":"ann"}""");
        await host.RegisterAsync("orders", "g", ",\"ttlSeconds\":600,\"lane\":\"green\"", port: 81);

        etcd.Kill();
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/services/orders/best")).Json.GetProperty("stale").GetBoolean());
        for (var second = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is null ? 1 : 30; second >= 0; second--)
        {
            Assert.Equal("LANE_SERVICE_DOWN", (await host.GetAsync("/v1/services/orders/route?label=blue")).Code);
            Assert.Equal("green", (await host.GetAsync("/v1/services/orders/route?label=green")).Json.GetProperty("lane").GetString());
            Assert.Equal(2, (await host.GetAsync("/v1/lanes")).Json.GetProperty("lanes").GetArrayLength());
            await Task.Delay(TimeSpan.FromSeconds(second == 0 ? 0 : 1), TimeProvider.System);
        }
    }

    [Fact]
    public async Task Etcd_AwayAtStart_IsNotReadyUntilItComes()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await etcd.StopAsync();
        var starting = GatewayHost.StartAsync("--etcd", etcd.Endpoint.GetLeftPart(UriPartial.Authority));
        await etcd.RestartAsync();
        await using var host = await starting;
        await host.RegisterAsync("orders", "a");
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/edge/snapshot")).Json.GetProperty("gateways").GetArrayLength() == 1);
    }
}
