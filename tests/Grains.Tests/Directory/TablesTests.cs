using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.GrainInterfaces.Directory;
using Fairway.Grains.Tests.Hosting;
using Fairway.Registry.Schema;

namespace Fairway.Grains.Tests.Directory;

public sealed class TablesTests
{
    [Fact]
    public async Task Lane_Declared_IsInTheTables()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.Registry.SetLaneAsync(new LaneRecord("blue", "me", host.Clock.GetUtcNow(), null));

        var caughtUp = await host.CatchUpAsync(await host.Registry.DeclareAsync("blue", "orders"));

        await DirectoryHost.Until(() => gateway.Tables?.Version == caughtUp.TablesVersion);
        var tables = gateway.Tables!.ToCore();
        Assert.Equal("orders", tables.Declarations["blue"].Single().Service);
        Assert.Equal(tables.Lanes["blue"], (await host.Directory.GetTables()).ToCore().Lanes["blue"]);
    }

    [Fact]
    public async Task Service_OnlyDeclared_IsKnownWithoutInstances()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.Registry.SetLaneAsync(new LaneRecord("blue", "me", host.Clock.GetUtcNow(), null));

        await host.CatchUpAsync(await host.Registry.DeclareAsync("blue", "orders"));

        var known = (await host.RenewAsync(gateway)).Services.Single();
        Assert.Equal("orders", known.Service);
        Assert.Empty((await host.Grains.GetGrain<IServiceGrain>("orders").GetSnapshot())!.Instances);
    }

    [Fact]
    public async Task Lane_Expired_IsAbsentWithinASecondAndItsKeysAreSwept()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        var end = host.Clock.GetUtcNow() + TimeSpan.FromSeconds(5);
        await host.Registry.SetLaneAsync(new LaneRecord("blue", "me", host.Clock.GetUtcNow(), 5));
        await host.CatchUpAsync(await host.Registry.DeclareAsync("blue", "orders"));
        await DirectoryHost.Until(() => gateway.Tables!.Lanes.Length == 1);

        await host.UntilAsTimePasses(() => gateway.Tables!.Lanes.IsEmpty);

        Assert.InRange(host.Clock.GetUtcNow(), end, end + TimeSpan.FromSeconds(1));
        await DirectoryHost.Until(() => gateway.Removed.Contains("orders"));
        await Testing.Eventually.TrueAsync(async () => (await host.Registry.ListAsync(RegistryKeys.Lanes)).Entries.Count == 0);
    }

    [Fact]
    public async Task Lane_MadeAnewAfterItsEnd_KeepsNothingOfTheOldOne()
    {
        await using var host = await DirectoryHost.StartAsync();
        await host.Registry.SetLaneAsync(new LaneRecord("blue", "me", host.Clock.GetUtcNow(), null));
        await host.CatchUpAsync(await host.Registry.DeclareAsync("blue", "orders"));
        await host.CatchUpAsync((await host.Registry.DeleteAsync(RegistryKeys.Lane("blue"))).Revision);
        await Testing.Eventually.TrueAsync(async () => (await host.Registry.ListAsync(RegistryKeys.Lanes)).Entries.Count == 0);

        await host.CatchUpAsync(await host.Registry.SetLaneAsync(new LaneRecord("blue", "me", host.Clock.GetUtcNow(), null)));

        var tables = (await host.Directory.GetTables()).ToCore();
        Assert.Single(tables.Lanes);
        Assert.Empty(tables.Declarations);
    }

    [Fact]
    public async Task Offline_Address_IsInTheSnapshotAndComesBackWhenItExpires()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.Registry.RegisterAsync(Writes.Instance("orders", "a", "10.0.0.9:80"));
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "b"));

        await host.Registry.SetOfflineAsync(new OfflineMark("10.0.0.9:80", "me", "test", host.Clock.GetUtcNow() + TimeSpan.FromSeconds(5)));

        await DirectoryHost.Until(() => gateway.Instance("orders", "a") is { State: (int)InstanceState.Offline });
        Assert.Equal("10.0.0.9:80", gateway.Tables!.Offline.Single().Address);
        await host.UntilAsTimePasses(() => gateway.Instance("orders", "a") is { State: not (int)InstanceState.Offline });
        await host.UntilAsTimePasses(() => gateway.Tables!.Offline.IsEmpty);
    }

    [Fact]
    public async Task Offline_BeforeTheInstanceRegisters_AppliesToIt()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.CatchUpAsync(await host.Registry.SetOfflineAsync(new OfflineMark("10.0.0.9:80", "me", "test", null)));

        await host.Registry.RegisterAsync(Writes.Instance("orders", "a", "10.0.0.9:80"));

        await DirectoryHost.Until(() => gateway.Instance("orders", "a") is { State: (int)InstanceState.Offline });
    }

    [Fact]
    public async Task Policy_Manual_IsInTheSnapshotAndGoesWhenItExpires()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.Registry.RegisterAsync("orders", "a");
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "b"));

        await host.Registry.SetPolicyAsync("orders", new ServicePolicy
        {
            Mode = ServicePolicy.Manual,
            Weights = ImmutableSortedDictionary<string, double>.Empty.Add("b", 50),
            ExpiresAt = host.Clock.GetUtcNow() + TimeSpan.FromSeconds(5),
        });

        await DirectoryHost.Until(() => gateway.Snapshot("orders")?.Policy?.Mode == ServicePolicy.Manual);
        Assert.Equal(0.5, gateway.Instance("orders", "b")!.Weight);
        Assert.Equal(0, gateway.Instance("orders", "a")!.Weight);
        await host.UntilAsTimePasses(() => gateway.Snapshot("orders")!.Policy is null);
    }

    [Fact]
    public async Task Policy_WithoutInstances_KeepsTheServiceKnown()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();

        await host.CatchUpAsync(await host.Registry.SetPolicyAsync("orders", new ServicePolicy { Mode = ServicePolicy.Hash, HashKey = "user" }));

        await DirectoryHost.Until(() => gateway.Snapshot("orders")?.Policy?.Mode == ServicePolicy.Hash);
    }

    [Fact]
    public async Task Members_OfEachKind_AreInTheTables()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.Registry.PutAsync(RegistryKeys.Exporter("e1"), OperatorCodec.Encode(new Member("e1", "127.0.0.1:1", "1")));
        await host.Registry.PutAsync(RegistryKeys.Gateway("g1"), OperatorCodec.Encode(new Member("g1", "127.0.0.1:2", "1")));
        await host.Registry.PutAsync(RegistryKeys.Limit("orders"), OperatorCodec.Encode(new LimitRule(5, 10, "open")));
        await host.CatchUpAsync(await host.Registry.PutAsync(RegistryKeys.Grey("orders"), OperatorCodec.Encode(new GreyRule { Target = "blue" })));

        await DirectoryHost.Until(() => gateway.Tables is { Grey.Length: 1 });
        var tables = gateway.Tables!.ToCore();
        Assert.Equal("e1", tables.Exporters.Single().Id);
        Assert.Equal("g1", tables.Gateways.Single().Id);
        Assert.Equal(5, tables.Limits["orders"].RatePerSecond);
        Assert.Equal("blue", tables.Grey["orders"].Target);
    }
}
