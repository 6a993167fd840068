using System.Net;
using Fairway.Testing;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>Silos hold users' streams, and Gateways without a silo serve them over TCP.</summary>
[Collection(Clusters.Name)]
public sealed class SiloStreamTests
{
    private const string Short = """{"tokens":20,"tokensPerSecond":100}""";

    [Fact]
    public async Task Streams_ASiloWithNothingAndAClient_AreServedToHistory()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        await cluster.StartModelAsync();
        await cluster.StartSiloAsync("silo-1");
        var client = await cluster.StartClientAsync("client");

        var version = await client.AskAsync("ann", Short);
        var reading = await client.FollowAsync("ann", version);

        Assert.Equal("stop", await reading.Ended.WaitAsync(Cluster.Patience));
        reading.IsWhole(20 + 2);
        Assert.Equal(HttpStatusCode.NoContent, await client.AcknowledgeAsync("ann", version));
        Assert.Equal([version], await client.HistoryAsync("ann"));
    }

    [Fact]
    public async Task Kill_SiloWithAnEndedAnswer_TheNextOneServesItFrameByFrame()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var postgres = await PostgresServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]) { Postgres = postgres.ConnectionString };
        await cluster.StartModelAsync();
        var silos = await Task.WhenAll(cluster.StartSiloAsync("silo-1"), cluster.StartSiloAsync("silo-2"), cluster.StartSiloAsync("silo-3"));
        var clients = await Task.WhenAll(cluster.StartClientAsync("client-1"), cluster.StartClientAsync("client-2"));
        await silos[0].SeesAsync(3);
        var version = await clients[0].AskAsync("ann", Short);
        var before = await clients[0].FollowAsync("ann", version);
        Assert.Equal("stop", await before.Ended.WaitAsync(Cluster.Patience));
        var address = Assert.Single(await clients[0].HoldersAsync("UserStreamGrain"));

        silos.Single(silo => address.Contains($":{silo.SiloPort}@", StringComparison.Ordinal)).Process.Kill();
        var after = await clients[1].FollowAsync("ann", version, $"{version}:4"); // it waits for the move; no 410

        Assert.Equal("stop", await after.Ended.WaitAsync(Cluster.Patience));
        Assert.Equal(before.Frames[5..], after.Frames);
        Assert.Equal(HttpStatusCode.NoContent, await clients[1].AcknowledgeAsync("ann", version));
        Assert.Equal([version], await clients[0].HistoryAsync("ann"));
    }

    [Fact]
    public async Task RollingRestart_EndedAndUnread_EachAnswerIsThereAfterIt()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var postgres = await PostgresServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]) { Postgres = postgres.ConnectionString };
        await cluster.StartModelAsync();
        var silos = await Task.WhenAll(cluster.StartSiloAsync("silo-1"), cluster.StartSiloAsync("silo-2"));
        var client = await cluster.StartClientAsync("client");
        await silos[0].SeesAsync(2);
        var users = Enumerable.Range(0, 8).Select(user => $"user-{user}").ToArray();
        var versions = await Task.WhenAll(users.Select(user => client.AskAsync(user, Short)));
        var before = await Task.WhenAll(users.Zip(versions, (user, version) => client.FollowAsync(user, version)));
        await Task.WhenAll(before.Select(reading => reading.Ended)).WaitAsync(Cluster.Patience);

        foreach (var silo in silos)
        {
            await silo.Process.StopAsync(Cluster.Patience);
            await cluster.StartSiloAsync(silo.Name);
        }

        var after = await Task.WhenAll(users.Zip(versions, (user, version) => client.FollowAsync(user, version)));
        await Task.WhenAll(after.Select(reading => reading.Ended)).WaitAsync(Cluster.Patience);
        Assert.All(before.Zip(after), pair => Assert.Equal(pair.First.Frames, pair.Second.Frames));
    }
}
