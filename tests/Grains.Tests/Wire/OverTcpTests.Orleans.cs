using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Wire;
using Fairway.Grains.Tests.Hosting;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Serialization;

namespace Fairway.Grains.Tests.Wire;

/// <summary>A client beside the silo, over TCP: within one silo nothing is serialized and codec errors stay hidden.</summary>
public sealed class OverTcpTests
{
    [Fact]
    public async Task Client_OverTcp_IsPushedAndPulls()
    {
        var port = FreePort.Next();
        await using var host = await DirectoryHost.StartAsync(null, null, engine => engine.GatewayPort = port);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client => client.UseLocalhostClustering(port, serviceId: "fairway", clusterId: "fairway"));
        using var client = builder.Build();
        await client.StartAsync();
        var grains = client.Services.GetRequiredService<IClusterClient>();
        var directory = grains.GetGrain<IRegistryGrain>(GrainKeys.Registry);
        var recorder = new Recorder();
        await directory.Renew("gw-tcp", grains.CreateObjectReference<IDirectoryObserver>(recorder));

        await host.Registry.SetLaneAsync(new LaneRecord("blue", "me", host.Clock.GetUtcNow(), 60));
        await host.Registry.DeclareAsync("blue", "orders");
        await host.Registry.SetOfflineAsync(new OfflineMark("10.0.0.9:80", "me", "test", null));
        await host.Registry.RegisterAsync(Writes.Instance("orders", "a", "10.0.0.9:80", "blue"));
        await host.Registry.SetPolicyAsync("orders", new ServicePolicy
        {
            Mode = ServicePolicy.Manual,
            Weights = ImmutableSortedDictionary<string, double>.Empty.Add("a", 50),
        });
        await host.CatchUpAsync(await host.Registry.ReportAsync("orders", Writes.Up("a", 20)));

        await DirectoryHost.Until(() => recorder.Instance("orders", "a") is { LatencyMs: 20 } && recorder.Tables is { Offline.Length: 1 });
        var pulled = (await grains.GetGrain<IServiceGrain>("orders").GetSnapshot())!;
        Assert.Equal(50, pulled.Policy!.Weights["a"]);
        Assert.Equal((int)InstanceState.Offline, pulled.Instances.Single().State);
        Assert.Equal("orders", (await directory.GetTables()).Lanes.Single().Services.Single().Service);
        Assert.Equal(pulled.Sequence, (await directory.Renew("gw-tcp", grains.CreateObjectReference<IDirectoryObserver>(recorder))).Services.Single().Sequence);
        await client.StopAsync();
    }

    [Fact]
    public async Task ServiceInput_Serialized_IsTheSame()
    {
        await using var host = await DirectoryHost.StartAsync();
        await host.SubscribeAsync();
        var serializer = host.Services.GetRequiredService<Serializer>();
        await host.Registry.RegisterAsync(Writes.Instance("orders", "a", "10.0.0.9:80") with
        {
            Methods = [new MethodRecord("Pay", "blue")],
            Metadata = ImmutableSortedDictionary<string, string>.Empty.Add("k", "v"),
        });
        await host.CatchUpAsync(await host.Registry.ReportAsync("orders", Writes.Up("a", 20), Writes.Down("b")));
        var input = await host.Directory.GetService("orders");

        var copy = serializer.Deserialize<ServiceInput>(serializer.SerializeToArray(input))!;

        Assert.Equal(input.Instances.Single().Metadata, copy.Instances.Single().Metadata);
        Assert.Equal("Pay", copy.Instances.Single().Methods.Single().Name);
        Assert.Equal(input.Statuses.Single().Items.AsEnumerable(), copy.Statuses.Single().Items);
        Assert.Equal(input.Observers.AsEnumerable(), copy.Observers);
    }

    [Fact]
    public async Task ServiceUpdate_Serialized_IsTheSame()
    {
        await using var host = await DirectoryHost.StartAsync();
        var serializer = host.Services.GetRequiredService<Serializer>();
        var update = new ServiceUpdate
        {
            Epoch = "e",
            InputSequence = 7,
            Exists = true,
            Steps = [new ServiceStep { Removed = ["a"], PolicyChanged = true }, new ServiceStep { Status = new StatusWire("e", "0", true, []) }],
        };

        var copy = serializer.Deserialize<ServiceUpdate>(serializer.SerializeToArray(update))!;

        Assert.Equal(7, copy.InputSequence);
        Assert.Equal("a", Assert.Single(copy.Steps[0].Removed));
        Assert.Equal(update.Steps[1].Status!.Exporter, copy.Steps[1].Status!.Exporter);
        Assert.True(copy.Steps[1].Status!.Gone);
    }
}
