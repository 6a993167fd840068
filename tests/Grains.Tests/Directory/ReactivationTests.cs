using Fairway.Core.Directory;
using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Wire;
using Fairway.Grains.Tests.Hosting;

namespace Fairway.Grains.Tests.Directory;

public sealed class ReactivationTests
{
    [Fact]
    public async Task ServiceGrain_CollectedAndCalledAgain_PullsTheWhole()
    {
        await using var host = await DirectoryHost.StartAsync();
        await host.Registry.RegisterAsync(Writes.Instance("orders", "a", "10.0.0.9:80"));
        await host.Registry.RegisterAsync("orders", "b");
        await host.Registry.SetPolicyAsync("orders", new ServicePolicy { Mode = ServicePolicy.Manual });
        await host.Registry.SetOfflineAsync(new OfflineMark("10.0.0.9:80", "me", "test", null));
        await host.CatchUpAsync(await host.Registry.ReportAsync("orders", Writes.Up("a", 20), Writes.Down("b")));
        var grain = host.Grains.GetGrain<IServiceGrain>("orders");
        var before = (await grain.GetSnapshot())!;

        var after = before;
        await Testing.Eventually.TrueAsync(async () =>
        {
            await host.CollectIdleAsync();
            after = (await grain.GetSnapshot())!;
            return after.Sequence > before.Sequence + 1_000_000; // a new activation's numbers
        });

        Assert.Equal(before.Epoch, after.Epoch);
        Assert.Equal(ServicePolicy.Manual, after.Policy!.Mode);
        Assert.Equal(InstanceState.Offline, State(after, "a"));
        Assert.Equal(InstanceState.Down, State(after, "b"));
    }

    [Fact]
    public async Task ServiceGrain_CollectedAndAChangeComes_ObserversHearIt()
    {
        await using var host = await DirectoryHost.StartAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));
        await host.CollectIdleAsync();
        var gateway = await host.SubscribeAsync();

        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "b"));

        await DirectoryHost.Until(() => gateway.Ranked("orders").Count == 2);
        Assert.Equal(gateway.Snapshot("orders")!.Sequence, (await host.RenewAsync(gateway)).Services.Single().Sequence);
    }

    [Fact]
    public async Task Apply_UpdatesMissing_PullsTheWhole()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));
        var grain = host.Grains.GetGrain<IServiceGrain>("orders");
        var whole = await host.Directory.GetService("orders");

        await grain.Apply(new ServiceUpdate { Epoch = whole.Epoch, InputSequence = whole.InputSequence + 5, Exists = false });

        Assert.Single((await grain.GetSnapshot())!.Instances);
        Assert.Empty(gateway.Removed);
    }

    [Fact]
    public async Task Apply_UpdateAlreadyHeld_ChangesNothing()
    {
        await using var host = await DirectoryHost.StartAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));
        var grain = host.Grains.GetGrain<IServiceGrain>("orders");
        var whole = await host.Directory.GetService("orders");
        var before = await grain.GetSnapshot();

        await grain.Apply(new ServiceUpdate { Epoch = whole.Epoch, InputSequence = whole.InputSequence, Exists = false });

        Assert.Equal(before!.Sequence, (await grain.GetSnapshot())!.Sequence);
    }

    [Fact]
    public async Task GetSnapshot_UnknownService_IsNull()
    {
        await using var host = await DirectoryHost.StartAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        Assert.Null(await host.Grains.GetGrain<IServiceGrain>("nobody").GetSnapshot());
    }

    private static InstanceState State(ServiceSnapshotWire snapshot, string id) =>
        (InstanceState)snapshot.Instances.Single(instance => instance.Id == id).State;
}
