using Fairway.Core.Directory;
using Fairway.Grains.Tests.Hosting;

namespace Fairway.Grains.Tests.Directory;

public sealed class RegistryFaultTests
{
    [Fact]
    public async Task Away_AndBack_IsStaleThenCaughtUp()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        host.Gate.GoAway();
        await host.UntilAsTimePasses(() => gateway.State is { Stale: true });
        await host.Registry.RegisterAsync("orders", "b");
        await host.PassAsync(TimeSpan.FromSeconds(3));

        var while_ = await host.RenewAsync(gateway);
        Assert.True(while_.State.StaleFor >= TimeSpan.FromSeconds(2));
        Assert.Equal(["a"], gateway.Ranked("orders"));

        host.Gate.ComeBack();
        await host.UntilAsTimePasses(() => gateway.Ranked("orders").Count == 2);
        await host.UntilAsTimePasses(() => gateway.State is { Stale: false });
        Assert.Equal(while_.State.Epoch, gateway.State!.Epoch);
    }

    [Fact]
    public async Task Away_AtStart_IsNotReadyThenReady()
    {
        var clock = new Testing.ManualClock();
        await using var host = await DirectoryHost.StartAsync(DirectoryHost.NewRegistry(clock), clock);
        host.Gate.GoAway();
        await using var late = await DirectoryHost.StartAsync(host.Gate, clock);
        var gateway = await late.SubscribeAsync();

        Assert.False((await late.RenewAsync(gateway)).State.ReadyOnce);
        Assert.Equal(0, (await late.Directory.GetTables()).Version);

        host.Gate.ComeBack();
        await late.UntilAsTimePasses(() => gateway.State is { ReadyOnce: true });
    }

    [Fact]
    public async Task Compacted_UnderAWatcherThatWasCut_RelistsAndEmitsTheDifference()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        foreach (var id in (string[])["a", "b", "c"])
        {
            await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", id));
        }

        host.Gate.GoAway();
        await host.Registry.DeregisterAsync("orders", "a");
        var last = await host.Registry.RegisterAsync("orders", "d");
        await host.Registry.CompactAsync(last);
        host.Gate.ComeBack();

        await host.UntilAsTimePasses(() => gateway.Ranked("orders").Order().SequenceEqual(["b", "c", "d"]));
        Assert.Single(gateway.History.Select(snapshot => snapshot.Epoch).Distinct());
    }

    [Fact]
    public async Task Restored_WithLess_BeginsANewEpochAndHoldsTheLoss()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        var last = 0L;
        foreach (var id in (string[])["a", "b", "c", "d"])
        {
            last = await host.Registry.RegisterAsync("orders", id);
        }

        await host.CatchUpAsync(last);
        var before = (await host.RenewAsync(gateway)).State.Epoch;

        host.Gate.GoAway();
        var restored = DirectoryHost.NewRegistry(host.Clock);
        await restored.RegisterAsync("orders", "a");
        host.Gate.ComeBack(restored);

        await host.UntilAsTimePasses(() => gateway.State is { Stale: false } state && state.Epoch != before);
        var epoch = gateway.State!.Epoch;
        await DirectoryHost.Until(() => gateway.Snapshot("orders")!.Epoch == epoch);
        Assert.Equal(4, gateway.Ranked("orders").Count);
        Assert.Equal(epoch, (await host.Directory.GetTables()).Epoch);

        await host.PassAsync(TimeSpan.FromSeconds(5));
        await host.RenewAsync(gateway);
        Assert.Equal(4, gateway.Ranked("orders").Count);
        await host.PassAsync(TimeSpan.FromSeconds(6));
        await host.UntilAsTimePasses(() => gateway.Ranked("orders") is ["a"]);
    }

    [Fact]
    public async Task Silo_RestartedOnTheSameRegistry_HasANewEpochAndTheSameServices()
    {
        var clock = new Testing.ManualClock();
        var registry = DirectoryHost.NewRegistry(clock);
        string first;
        await using (var host = await DirectoryHost.StartAsync(registry, clock))
        {
            await host.CatchUpAsync(await registry.RegisterAsync("orders", "a"));
            first = (await host.RenewAsync(await host.SubscribeAsync())).State.Epoch;
        }

        await using var next = await DirectoryHost.StartAsync(registry, clock);
        var gateway = await next.SubscribeAsync();
        await DirectoryHost.Until(() => gateway.Instance("orders", "a") is not null);

        Assert.NotEqual(first, gateway.Snapshot("orders")!.Epoch);
        Assert.Equal(InstanceState.Unknown, (InstanceState)gateway.Instance("orders", "a")!.State);
    }
}
