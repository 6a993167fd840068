using Fairway.Core.Directory;
using Fairway.Grains.Tests.Hosting;

namespace Fairway.Grains.Tests.Directory;

public sealed class RegistrationTests
{
    [Fact]
    public async Task Register_NewInstance_IsPushed()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();

        await host.Registry.RegisterAsync("orders", "a");

        await DirectoryHost.Until(() => gateway.Instance("orders", "a") is not null);
    }

    [Fact]
    public async Task Register_BeforeAnyoneListens_IsPushedOnSubscribing()
    {
        await using var host = await DirectoryHost.StartAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        var gateway = await host.SubscribeAsync();

        await DirectoryHost.Until(() => gateway.Instance("orders", "a") is not null);
    }

    [Fact]
    public async Task Register_BeforeTheSilo_IsInTheFirstListing()
    {
        var clock = new Testing.ManualClock();
        var registry = DirectoryHost.NewRegistry(clock);
        await registry.RegisterAsync("orders", "a");

        await using var host = await DirectoryHost.StartAsync(registry, clock);
        var gateway = await host.SubscribeAsync();

        await DirectoryHost.Until(() => gateway.Instance("orders", "a") is not null);
    }

    [Fact]
    public async Task CatchUp_RevisionOfAWrite_SnapshotShowsIt()
    {
        await using var host = await DirectoryHost.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", $"i{i}"));

            var snapshot = await host.Grains.GetGrain<GrainInterfaces.Directory.IServiceGrain>("orders").GetSnapshot();

            Assert.Equal(i + 1, snapshot!.Instances.Length);
        }
    }

    [Fact]
    public async Task CatchUp_RevisionThatNeverComes_EndsWithTheCallersToken()
    {
        await using var host = await DirectoryHost.StartAsync();
        using var token = new CancellationTokenSource();
        var waiting = host.Directory.CatchUp(1_000_000, token.Token);
        await host.Directory.Wake();

        await token.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task LeaseLost_OfARegistrant_ItsInstanceLeaves()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        var lease = await host.Registry.GrantAsync(TimeSpan.FromSeconds(10));
        await host.Registry.RegisterAsync("orders", "kept");
        await host.CatchUpAsync(await host.Registry.RegisterAsync(Writes.Instance("orders", "lost"), lease));
        await DirectoryHost.Until(() => gateway.Ranked("orders").Count == 2);

        await host.UntilAsTimePasses(() => gateway.Ranked("orders") is ["kept"]);

        Assert.InRange(host.Clock.GetTimestamp(), TimeSpan.FromSeconds(9).Ticks, TimeSpan.FromSeconds(13).Ticks);
    }

    [Fact]
    public async Task Deregister_LastInstance_ServiceIsRemovedAndGone()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        await host.CatchUpAsync(await host.Registry.DeregisterAsync("orders", "a"));

        await DirectoryHost.Until(() => gateway.Removed.Contains("orders"));
        Assert.DoesNotContain((await host.RenewAsync(gateway)).Services, service => service.Service == "orders");
        Assert.Null(await host.Grains.GetGrain<GrainInterfaces.Directory.IServiceGrain>("orders").GetSnapshot());
    }

    [Fact]
    public async Task Register_AfterTheServiceWasGone_SequenceGrows()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));
        await DirectoryHost.Until(() => gateway.Snapshot("orders") is not null);
        var before = gateway.Snapshot("orders")!.Sequence;
        await host.CatchUpAsync(await host.Registry.DeregisterAsync("orders", "a"));
        await DirectoryHost.Until(() => gateway.Removed.Count > 0);

        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "b"));

        await DirectoryHost.Until(() => gateway.Ranked("orders") is ["b"]);
        Assert.True(gateway.Snapshot("orders")!.Sequence > before);
    }

    [Fact]
    public async Task Services_Many_OneObserverHearsOfAll()
    {
        const int Services = 200;
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        var last = 0L;
        for (var i = 0; i < Services; i++)
        {
            last = await host.Registry.RegisterAsync($"service-{i}", "a");
        }

        await host.CatchUpAsync(last);

        await DirectoryHost.Until(() => gateway.Services == Services);
        var versions = await host.RenewAsync(gateway);
        Assert.Equal(Services, versions.Services.Length);
        Assert.All(versions.Services, service => Assert.Equal(gateway.Snapshot(service.Service)!.Sequence, service.Sequence));
    }

    [Fact]
    public async Task Put_MalformedValue_IsIgnoredAndTheOldOneStands()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        await host.Registry.PutAsync(Registry.Schema.RegistryKeys.Instance("orders", "a"), "{"u8.ToArray());
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "b"));

        await DirectoryHost.Until(() => gateway.Ranked("orders").Count == 2);
        Assert.Equal(InstanceState.Unknown, (InstanceState)gateway.Instance("orders", "a")!.State);
    }
}
