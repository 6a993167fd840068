using Fairway.GrainInterfaces.Directory;
using Fairway.Grains.Tests.Hosting;

namespace Fairway.Grains.Tests.Directory;

public sealed class ObserverTests
{
    [Fact]
    public async Task Push_Lost_RenewTellsAndAPullRepairs()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));
        await DirectoryHost.Until(() => gateway.Snapshot("orders") is not null);
        gateway.IsDeaf = true;

        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "b"));
        var versions = await host.RenewAsync(gateway);

        var held = gateway.Snapshot("orders")!;
        var known = versions.Services.Single();
        Assert.True(known.Sequence > held.Sequence);
        var pulled = await host.Grains.GetGrain<IServiceGrain>("orders").GetSnapshot();
        Assert.Equal(known.Sequence, pulled!.Sequence);
        Assert.Equal(versions.State.Epoch, pulled.Epoch);
        Assert.Equal(2, pulled.Instances.Length);
    }

    [Fact]
    public async Task Lease_NotRenewed_LapsesAndNothingMoreIsPushed()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gone = await host.SubscribeAsync("gw-gone");
        var lives = await host.SubscribeAsync("gw-lives");
        for (var i = 0; i < 4; i++)
        {
            await host.PassAsync(TimeSpan.FromSeconds(5));
            await host.RenewAsync(lives, "gw-lives");
        }

        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        await DirectoryHost.Until(() => lives.Snapshot("orders") is not null);
        Assert.Null(gone.Snapshot("orders"));
    }

    [Fact]
    public async Task Lease_RenewedAfterItLapsed_IsSentWhatIsInForce()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.PassAsync(TimeSpan.FromSeconds(20));
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));
        Assert.Null(gateway.Snapshot("orders"));

        await host.RenewAsync(gateway);

        await DirectoryHost.Until(() => gateway.Snapshot("orders") is not null);
    }

    [Fact]
    public async Task Leave_Gateway_IsPushedNothingMore()
    {
        await using var host = await DirectoryHost.StartAsync();
        var left = await host.SubscribeAsync("gw-left");
        var stays = await host.SubscribeAsync("gw-stays");

        await host.Directory.Leave("gw-left");
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        await DirectoryHost.Until(() => stays.Snapshot("orders") is not null);
        Assert.Null(left.Snapshot("orders"));
    }

    [Fact]
    public async Task Renew_SameNameOtherObserver_TheLatestIsToldAlone()
    {
        await using var host = await DirectoryHost.StartAsync();
        var before = await host.SubscribeAsync("gw-1");
        var after = await host.SubscribeAsync("gw-1");

        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        await DirectoryHost.Until(() => after.Snapshot("orders") is not null);
        Assert.Null(before.Snapshot("orders"));
    }
}
