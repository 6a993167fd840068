using Fairway.Grains.Tests.Hosting;
using Fairway.Registry.Etcd;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Grains.Tests.Directory;

/// <summary>The faults of a real etcd; the grains' own clock moves while these wait.</summary>
public sealed class EtcdTests
{
    [Fact]
    public async Task Etcd_KilledAndRestarted_IsStaleThenCaughtUp()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var registry = Connect(etcd);
        await using var host = await DirectoryHost.StartAsync(registry, null);
        var gateway = await host.SubscribeAsync();
        await host.CatchUpAsync(await registry.RegisterAsync("orders", "a"));

        etcd.Kill();
        await host.UntilAsTimePasses(async () => (await host.RenewAsync(gateway)).State.Stale);
        Assert.Equal(["a"], gateway.Ranked("orders"));

        await etcd.RestartAsync();
        await registry.RegisterAsync("orders", "b");
        await host.UntilAsTimePasses(async () => !(await host.RenewAsync(gateway)).State.Stale && gateway.Ranked("orders").Count == 2);
        Assert.Single(gateway.History.Select(snapshot => snapshot.Epoch).Distinct());
    }

    [Fact]
    public async Task Etcd_CompactedUnderAWatcherThatWasCut_RelistsAndEmitsTheDifference()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var registry = Connect(etcd);
        await using var host = await DirectoryHost.StartAsync(registry, null);
        var gateway = await host.SubscribeAsync();
        foreach (var id in (string[])["a", "b", "c"])
        {
            await host.CatchUpAsync(await registry.RegisterAsync("orders", id));
        }

        host.Gate.GoAway();
        await registry.DeregisterAsync("orders", "a");
        await registry.CompactAsync(await registry.RegisterAsync("orders", "d"));
        host.Gate.ComeBack();

        await host.UntilAsTimePasses(async () =>
        {
            await host.RenewAsync(gateway);
            return gateway.Ranked("orders").Order().SequenceEqual(["b", "c", "d"]);
        });
    }

    [Fact]
    public async Task Etcd_LeaseOfARegistrantEnds_ItsInstanceLeaves()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var registry = Connect(etcd);
        await using var host = await DirectoryHost.StartAsync(registry, null);
        var gateway = await host.SubscribeAsync();
        var lease = await registry.GrantAsync(TimeSpan.FromSeconds(2));
        await registry.RegisterAsync("orders", "kept");
        await host.CatchUpAsync(await registry.RegisterAsync(Writes.Instance("orders", "lost"), lease));

        await DirectoryHost.Until(() => gateway.Ranked("orders") is ["kept"]);
    }

    private static EtcdRegistry Connect(EtcdServer etcd) => new(Options.Create(new EtcdOptions
    {
        Endpoints = [etcd.Endpoint.GetLeftPart(UriPartial.Authority)],
    }));
}
