using System.Net;
using Fairway.Registry;
using Fairway.Registry.Etcd;
using Fairway.Silo.Orleans;
using Fairway.Testing;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>What Orleans asks of every provider of membership, against a real etcd. Each test has a cluster of its own.</summary>
public sealed class MembershipTableTests(MembershipTableTests.Etcd etcd) : IClassFixture<MembershipTableTests.Etcd>
{
    private static readonly DateTime Now = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);
    private static int _generation;

    private readonly IOptions<ClusterOptions> _cluster = Options.Create(new ClusterOptions { ClusterId = $"test-{Guid.NewGuid():N}" });

    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);

    private EtcdMembershipTable Table => TableOf(etcd.Registry);

    [Fact]
    public async Task GetGateways_ManyRows_AreTheActiveOnesThatTakeClients()
    {
        var entries = Enumerable.Range(0, 10).Select(_ => Entry()).ToArray();
        entries[3].Status = entries[5].Status = entries[9].Status = SiloStatus.Active;
        entries[3].ProxyPort = 0;
        foreach (var entry in entries)
        {
            Assert.True(await Table.InsertRow(entry, (await Table.ReadAll()).Version.Next()));
        }

        var provider = new EtcdGatewayListProvider(etcd.Registry, _cluster, Options.Create(new GatewayOptions()));
        await provider.InitializeGatewayListProvider();

        var wanted = new[] { entries[5], entries[9] }
            .Select(entry => SiloAddress.New(entry.SiloAddress.Endpoint.Address, entry.ProxyPort, entry.SiloAddress.Generation).ToGatewayUri());
        Assert.Equal(Texts(wanted), Texts(await provider.GetGateways()));

        static IEnumerable<string> Texts(IEnumerable<Uri> urls) => urls.Select(url => url.ToString()).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task ReadAll_NewTable_IsEmptyAtVersion0()
    {
        await Table.InitializeMembershipTable(true);

        var data = await Table.ReadAll();

        Assert.Empty(data.Members);
        Assert.Equal(0, data.Version.Version);
        Assert.NotNull(data.Version.VersionEtag);
    }

    [Fact]
    public async Task InsertRow_Then_ReadRowAndReadAllShowIt()
    {
        var next = (await Table.ReadAll()).Version.Next();
        var entry = Entry();
        Assert.True(await Table.InsertRow(entry, next));
        Assert.False(await Table.InsertRow(entry, next), "same entry, old version");
        Assert.False(await Table.InsertRow(Entry(), next), "new entry, old version");
        Assert.False(await Table.InsertRow(entry, (await Table.ReadAll()).Version.Next()), "same entry, right version");

        foreach (var data in (MembershipTableData[])[await Table.ReadAll(), await Table.ReadRow(entry.SiloAddress)])
        {
            Assert.Equal(next.Version, data.Version.Version);
            Assert.NotEqual(next.VersionEtag, data.Version.VersionEtag);
            Assert.Equal(entry.ToFullString(), Assert.Single(data.Members).Item1.ToFullString());
            Assert.NotNull(data.Members[0].Item2);
        }

        Assert.Empty((await Table.ReadRow(Entry().SiloAddress)).Members);
    }

    [Fact]
    public async Task UpdateRow_EachEtagOld_IsRefused()
    {
        for (var i = 1; i < 10; i++)
        {
            var entry = Entry();
            entry.SuspectTimes = [Tuple.Create(Address(), Now.AddSeconds(1)), Tuple.Create(Address(), Now.AddSeconds(2))];
            var inserted = (await Table.ReadAll()).Version.Next();
            Assert.True(await Table.InsertRow(entry, inserted));
            var before = (await Table.ReadAll()).TryGet(entry.SiloAddress)!.Item2;
            Assert.False(await Table.UpdateRow(entry, before, inserted), "old version");

            var next = (await Table.ReadAll()).Version.Next();
            Assert.True(await Table.UpdateRow(entry, before, next));
            Assert.False(await Table.UpdateRow(entry, before, next), "both old");

            var data = await Table.ReadAll();
            var (found, after) = data.TryGet(entry.SiloAddress)!;
            Assert.Equal(entry.ToFullString(), found.ToFullString());
            Assert.False(await Table.UpdateRow(entry, after, next), "old version, right row");
            Assert.False(await Table.UpdateRow(entry, before, data.Version.Next()), "old row, right version");

            data = await Table.ReadAll();
            Assert.Equal(after, data.TryGet(entry.SiloAddress)!.Item2);
            Assert.Equal((next.Version, i), (data.Version.Version, data.Members.Count));
        }
    }

    [Fact]
    public async Task UpdateRow_InParallel_EachIsOneVersion()
    {
        var entry = Entry();
        var next = (await Table.ReadAll()).Version.Next();
        Assert.Single(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Table.InsertRow(entry, next))), true);

        await Task.WhenAll(Enumerable.Range(0, 19).Select(async _ =>
        {
            while (true)
            {
                var data = await Table.ReadAll();
                var (row, etag) = data.TryGet(entry.SiloAddress)!;
                if (await Table.UpdateRow(row, etag, data.Version.Next()))
                {
                    return;
                }
            }
        }));

        var last = await Table.ReadAll();
        Assert.Equal(20, last.Version.Version);
        Assert.Single(last.Members);
    }

    [Fact]
    public async Task UpdateIAmAlive_LeavesTheVersion()
    {
        var entry = Entry();
        await Table.InsertRow(entry, (await Table.ReadAll()).Version.Next());
        var before = await Table.ReadAll();

        await Table.UpdateIAmAlive(new MembershipEntry { SiloAddress = entry.SiloAddress, IAmAliveTime = Now.AddSeconds(5) });

        var after = await Table.ReadAll();
        Assert.Equal(Now.AddSeconds(5), after.Members[0].Item1.IAmAliveTime);
        Assert.Equal(before.Version, after.Version);
        Assert.True(await Table.UpdateRow(entry, before.Members[0].Item2, before.Version.Next()));
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_OldRows_GoUnlessActive()
    {
        await InsertAsync(Old(SiloStatus.Dead));
        await InsertAsync(Old(SiloStatus.Joining));
        await InsertAsync(Entry());
        foreach (var status in Enum.GetValues<SiloStatus>())
        {
            await InsertAsync(Old(status));
        }

        await Table.CleanupDefunctSiloEntries(new DateTimeOffset(Now.AddDays(-7)));

        Assert.Equal(
            [SiloStatus.Joining, SiloStatus.Active], (await Table.ReadAll()).Members.Select(member => member.Item1.Status).Order());

        async Task InsertAsync(MembershipEntry entry) => Assert.True(await Table.InsertRow(entry, (await Table.ReadAll()).Version.Next()));
    }

    [Fact]
    public async Task DeleteMembershipTableEntries_OfThisCluster_LeavesNone()
    {
        await Table.InsertRow(Entry(), (await Table.ReadAll()).Version.Next());

        await Table.DeleteMembershipTableEntries(_cluster.Value.ClusterId);

        Assert.Empty((await Table.ReadAll()).Members);
    }

    /// <summary>Orleans would try it for a minute, twice.</summary>
    [Fact]
    public async Task UpdateRow_StoppingWhileTheRegistryIsAway_IsGivenUpAndOnlyThen()
    {
        await using var server = await EtcdServer.StartAsync();
        using var registry = Open(server);
        var table = TableOf(registry);
        var entry = Entry();
        await table.InsertRow(entry, (await table.ReadAll()).Version.Next());
        var last = await table.ReadAll();
        server.Kill();

        await Assert.ThrowsAsync<RegistryException>(table.ReadAll);
        await Assert.ThrowsAsync<RegistryException>(() => table.UpdateRow(entry, last.Members[0].Item2, last.Version.Next()));
        _lifetime.StopApplication();

        Assert.Same(last, await table.ReadAll());
        Assert.True(await table.UpdateRow(entry, last.Members[0].Item2, last.Version.Next()));
    }

    private EtcdMembershipTable TableOf(IRegistry registry) => new(registry, _cluster, _lifetime, NullLogger<EtcdMembershipTable>.Instance);

    private static EtcdRegistry Open(EtcdServer server) => new(Options.Create(new EtcdOptions { Endpoints = [server.Endpoint.ToString()] }));

    private static MembershipEntry Old(SiloStatus status)
    {
        var entry = Entry();
        (entry.Status, entry.StartTime, entry.IAmAliveTime) = (status, Now.AddDays(-10), Now.AddDays(-10));
        return entry;
    }

    private static MembershipEntry Entry()
    {
        var address = Address();
        return new MembershipEntry
        {
            SiloAddress = address,
            HostName = "host",
            SiloName = "silo",
            Status = SiloStatus.Joining,
            ProxyPort = address.Endpoint.Port + 1,
            StartTime = Now,
            IAmAliveTime = Now,
            SuspectTimes = [],
        };
    }

    private static SiloAddress Address() => SiloAddress.New(IPAddress.Loopback, 12345, Interlocked.Increment(ref _generation));

    public sealed class Etcd : IAsyncLifetime
    {
        private EtcdServer? _server;
        private EtcdRegistry? _registry;

        public IRegistry Registry => _registry!;

        public async Task InitializeAsync()
        {
            _server = await EtcdServer.StartAsync();
            _registry = Open(_server);
        }

        public async Task DisposeAsync()
        {
            _registry?.Dispose();
            await _server!.DisposeAsync();
        }
    }
}
