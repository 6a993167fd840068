using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Fairway.Testing;

namespace Fairway.Sdk.Orleans.Tests;

[Alias("test.IPlaceGrain")]
public interface IPlaceGrain : IGrainWithStringKey
{
    /// <summary>The lane of the silo it runs on, and its key there.</summary>
    [Alias("Where")]
    Task<string> Where();
}

[LanePlacement]
[GrainType("place")]
internal sealed class PlaceGrain(SiloLane silo) : Grain, IPlaceGrain
{
    public Task<string> Where() => Task.FromResult($"{silo.Lane} {this.GetPrimaryKeyString()}");
}

internal sealed record SiloLane(string Lane);

/// <summary>A cluster of a base silo and one of lane blue, in this process, over TCP.</summary>
public sealed class PlacementTests : IAsyncLifetime
{
    private readonly Tables _tables = new();
    private readonly List<IHost> _silos = [];
    private int _primary;

    public async Task InitializeAsync()
    {
        _primary = FreePort();
        await StartAsync("", _primary);
        await StartAsync("blue", FreePort());
        await Eventually.TrueAsync(() => Task.FromResult(Pools().Of("blue") is { Instances.Length: 1 } && Pools().Base.Instances.Length == 1));
    }

    public async Task DisposeAsync()
    {
        foreach (var silo in Enumerable.Reverse(_silos))
        {
            await silo.StopAsync();
            silo.Dispose();
        }
    }

    [Fact]
    public async Task Get_Label_RunsInItsLaneAndNowhereElse()
    {
        // No label: base silos only, however many keys.
        foreach (var key in Enumerable.Range(0, 20).Select(i => $"k{i}"))
        {
            Assert.Equal($" {key}", await Grains.Get<IPlaceGrain>(key).Where());
        }

        using (LaneContext.Use(Label.Of("blue")))
        {
            // Undeclared, but a live silo of the lane is there: its registration declares it.
            Assert.Equal("blue lane:blue:a", await Grains.Get<IPlaceGrain>("a").Where());
            _tables.Declare("blue", "place");
            Assert.Equal("blue lane:blue:b", await Grains.Get<IPlaceGrain>("b").Where());
        }

        using (LaneContext.Use(Label.Of("green")))
        {
            Assert.Equal(" c", await Grains.Get<IPlaceGrain>("c").Where()); // undeclared: base
            _tables.Declare("green", "place");
            Assert.Equal("LANE_SERVICE_DOWN", Assert.Throws<LaneRouteException>(() => Grains.Get<IPlaceGrain>("d")).Code);
        }

        // Who knows a key of a lane without silos gets an error too, never base.
        var lost = _silos[0].Services.GetRequiredService<IGrainFactory>().GetGrain<IPlaceGrain>(LaneGrainKey.Qualify("e", "green"));
        Assert.Contains("LANE_SERVICE_DOWN", (await Assert.ThrowsAnyAsync<Exception>(lost.Where)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_SiloOfTheLaneGone_IsDownWhereDeclaredElseBase()
    {
        await _silos[1].StopAsync();
        await Eventually.TrueAsync(() => Task.FromResult(Pools().Of("blue") is null));
        using var label = LaneContext.Use(Label.Of("blue"));
        Assert.Equal(" a", await Grains.Get<IPlaceGrain>("a").Where());
        _tables.Declare("blue", "place");
        Assert.Equal("LANE_SERVICE_DOWN", Assert.Throws<LaneRouteException>(() => Grains.Get<IPlaceGrain>("a")).Code);
    }

    private LaneGrains Grains => _silos[0].Services.GetRequiredService<LaneGrains>();

    private LanePools Pools() => _silos[0].Services.GetRequiredService<IGrainPools>().Of(GrainType.Create("place"));

    private async Task StartAsync(string lane, int port)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Critical));
        builder.Services.AddSingleton<ILaneTables>(_tables);
        builder.Services.AddSingleton(new SiloLane(lane));
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(port, FreePort(), new IPEndPoint(IPAddress.Loopback, _primary));
            silo.Configure<ClusterMembershipOptions>(membership => membership.NumVotesForDeathDeclaration = 1);
            silo.AddMemoryGrainStorage("rows").AddLaneGrainStorage(SiloHost.Shared, over: "rows");
            silo.AddLanePlacement(lane);
        });
        var host = builder.Build();
        await host.StartAsync();
        _silos.Add(host);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Tables : ILaneTables
    {
        private readonly Dictionary<string, ImmutableArray<LaneDeclaration>> _declared = new(StringComparer.Ordinal);

        public LaneTable Current { get; private set; } = LaneTable.Empty;

        public void Declare(string lane, string type)
        {
            _declared[lane] = [new LaneDeclaration(type, "operator", "park")];
            Current = new LaneTable(
                DirectoryTables.Empty with
                {
                    Lanes = _declared.Keys.ToImmutableSortedDictionary(name => name, name => new LaneRecord(name, "test", DateTimeOffset.UnixEpoch, null)),
                    Declarations = _declared.ToImmutableSortedDictionary(),
                },
                $"t-{_declared.Count}");
        }
    }
}
