using Fairway.Core.Balancing;
using Fairway.Core.Directory;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.GrpcWire.Health;
using Fairway.Registry;
using Fairway.Registry.Etcd;
using Fairway.Registry.Memory;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Tests.Fleet;

public sealed class SharingTests : IAsyncLifetime
{
    private const int Count = 30;

    private readonly List<InstanceRecord> _records = [];
    private GrpcInstance _alive = null!;
    private GrpcInstance _down = null!;

    public async Task InitializeAsync()
    {
        _alive = await GrpcInstance.StartAsync();
        _down = await GrpcInstance.StartAsync();
        _down.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        _records.AddRange(Enumerable.Range(0, Count).Select(i => _alive.Record($"i{i}", Probes.GrpcHealth)));
    }

    public async Task DisposeAsync()
    {
        await _alive.DisposeAsync();
        await _down.DisposeAsync();
    }

    [Fact]
    public async Task Exporters_OneDies_OthersTakeOverWithinOneLeaseAndNothingLeaves()
    {
        using var registry = new MemoryRegistry();
        await OneDiesAsync(registry);
    }

    [Fact]
    public async Task ExportersOnEtcd_OneDies_OthersTakeOverWithinOneLeaseAndNothingLeaves()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var registry = new EtcdRegistry(Options.Create(new EtcdOptions { Endpoints = [etcd.Endpoint.ToString()] }));
        await OneDiesAsync(registry);
    }

    [Fact]
    public async Task Exporters_OneComes_TakesItsShareAndNoOtherMoves()
    {
        using var registry = new MemoryRegistry();
        await using var log = new StatusLog(registry);
        await using var group = await StartAsync(registry, log, "e1", "e2");
        var before = await group.ProbedByAsync("e1");

        await group.AddAsync("e3");

        await Eventually.TrueAsync(async () => await group.CountAsync("e1", "e2", "e3") == Count);
        Assert.Equal(Owned("e3", "e1", "e2", "e3"), await group.ProbedByAsync("e3"));
        Assert.Subset(before.ToHashSet(), (await group.ProbedByAsync("e1")).ToHashSet());
        Assert.All(_records, record => Assert.Equal([InstanceState.Ready], log.StatesOf(record)));
    }

    [Fact]
    public async Task Exporters_OneShutsDown_OthersTakeOverAtOnce()
    {
        using var registry = new MemoryRegistry();
        await using var log = new StatusLog(registry);
        await using var group = await StartAsync(registry, log, "e1", "e2");

        await group.StopAsync("e1");

        await Eventually.TrueAsync(async () => await group.CountAsync("e2") == Count, TimeSpan.FromSeconds(3));
        Assert.All(_records, record => Assert.Equal([InstanceState.Ready], log.StatesOf(record)));
    }

    [Fact]
    public async Task HandOver_OfADownInstance_StaysDownUntilTheNewOwnerFindsItAlive()
    {
        using var registry = new MemoryRegistry();
        await using var log = new StatusLog(registry);
        await using var group = await StartAsync(registry, log, "e1", "e2");
        var record = _down.Record(MovesTo("e3", "e1", "e2"));
        await registry.RegisterAsync(record);
        await log.UntilDown(record.Id);

        await group.AddAsync("e3");
        await Eventually.True(() => log.Puts.Any(put => put.Key.Exporter == "e3" && Says(put, record.Id, Life.Down)), what: "e3 finds it down");
        await Eventually.True(() => log.Puts.Any(put => put.Key.Exporter != "e3" && Says(put, record.Id, Life.Yielded)), what: "its owner yields it");
        Assert.Equal([InstanceState.Down], log.StatesOf(record));

        _down.Health = HealthCheckResponse.Types.ServingStatus.Serving;
        await Eventually.True(() => log.Puts.Any(put => put.Key.Exporter == "e3" && Says(put, record.Id, Life.Up)), what: "e3 finds it alive");
        await Eventually.True(() => log.StatesOf(record) is [InstanceState.Down, InstanceState.Ready]);
    }

    private static bool Says(StatusPut put, string id, Life life) => put.Batch?.Items.Any(item => item.Id == id && item.Life == life) == true;

    /// <summary>An id that another owns until <paramref name="newcomer"/> is there.</summary>
    private static string MovesTo(string newcomer, params string[] before) =>
        Enumerable.Range(0, 1000).Select(i => $"down{i}").First(id => Rendezvous.Owner($"orders/{id}", [.. before, newcomer]) == newcomer);

    private HashSet<string> Owned(string exporter, params string[] among) =>
        [.. _records.Select(record => record.Id).Where(id => Rendezvous.Owner($"orders/{id}", among) == exporter)];

    private async Task OneDiesAsync(IRegistry registry)
    {
        await using var log = new StatusLog(registry);
        await using var group = await StartAsync(registry, log, "e1", "e2", "e3");
        Assert.Equal(Owned("e1", "e1", "e2", "e3"), await group.ProbedByAsync("e1"));

        group.Kill("e1");

        // One lease of 5 s, and the second in which registries look for expired ones.
        await Eventually.TrueAsync(async () => await group.CountAsync("e2", "e3") == Count, TimeSpan.FromSeconds(6.5), "taken over within a lease");
        await Eventually.True(() => log.Puts.Any(put => put.Key.Exporter == "e1" && put.Batch is null), what: "its status goes");
        Assert.All(_records, record => Assert.Equal([InstanceState.Ready], log.StatesOf(record)));

        group.Revive("e1");
        await Eventually.TrueAsync(async () => await group.CountAsync("e1", "e2", "e3") == Count, what: "shared again");
        Assert.All(_records, record => Assert.Equal([InstanceState.Ready], log.StatesOf(record)));
    }

    private async Task<ExporterGroup> StartAsync(IRegistry registry, StatusLog log, params string[] exporters)
    {
        var group = new ExporterGroup(registry);
        foreach (var record in _records)
        {
            await registry.RegisterAsync(record);
        }

        foreach (var id in exporters)
        {
            await group.AddAsync(id);
        }

        await Eventually.TrueAsync(async () => await group.CountAsync(exporters) == Count, what: "shared");
        await Eventually.True(() => _records.All(record => log.IsUp(record.Id)), what: "all up");
        return group;
    }
}
