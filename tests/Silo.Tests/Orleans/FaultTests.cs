using System.Collections.Concurrent;
using System.Net;
using Fairway.Testing;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>Silos that die, stand still, lose etcd, or leave. Bounds are generous: machines under test are slow. ./bench cluster has the figures.</summary>
[Collection(Clusters.Name)]
public sealed class FaultTests
{
    [Fact]
    public async Task Kill_SiloOfTheDirectory_ListsGoOnAndItsGrainsMove()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        var first = await cluster.StartSiloAsync("silo-1"); // the first one holds the registry's grain
        var second = await cluster.StartSiloAsync("silo-2");
        var client = await cluster.StartClientAsync("client");
        await client.RegisterAsync("s", "a");
        await second.SeesAsync(2);
        var reads = new Reads(client, "s");

        first.Process.Kill();

        await second.SeesAsync(1);
        await Eventually.TrueAsync(async () => (await client.RegisterAsync("s", "b")).StatusCode is HttpStatusCode.Created or HttpStatusCode.OK, Cluster.Patience);
        await Eventually.Passes(async () => Assert.Equal(["a", "b"], await client.BestAsync("s")), Cluster.Patience);
        await cluster.StartSiloAsync("silo-1");
        await second.SeesAsync(2);
        await reads.NoneFailedAsync();
    }

    [Fact]
    public async Task Freeze_Silo_IsDeclaredDeadAndEndsItself()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        var silos = await Task.WhenAll(cluster.StartSiloAsync("silo-1"), cluster.StartSiloAsync("silo-2"), cluster.StartSiloAsync("silo-3"));
        await silos[0].SeesAsync(3);

        silos[2].Process.Freeze();
        await silos[0].SeesAsync(2);
        silos[2].Process.Resume();

        Assert.NotEqual(0, await silos[2].Process.WaitForExitAsync(Cluster.Patience));
        Assert.Equal(HttpStatusCode.OK, (await silos[0].Http.GetAsync(new Uri("/readyz", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task CutOffFromEtcd_Silo_StaysAndGoesOn()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var link = new TcpLink(etcd.Endpoint);
        await using var cluster = new Cluster([etcd.Endpoint]);
        var far = await cluster.StartSiloAsync("far", link.Url.ToString());
        var near = await cluster.StartGatewayAsync("near");
        await near.SeesAsync(2);

        link.Cut();
        for (var i = 0; i < 10; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            Assert.Equal((2, 2), (await near.ActiveSilosAsync(), await far.ActiveSilosAsync()));
        }

        link.Heal();
        await near.RegisterAsync("s", "a");
        await Eventually.Passes(async () => Assert.Equal(["a"], await near.BestAsync("s")), Cluster.Patience);
        await cluster.StartSiloAsync("third");
        await far.SeesAsync(3);
    }

    [Fact]
    public async Task Kill_LeaderOfEtcd_MembersStayAndMoreMayJoin()
    {
        await using var etcd = await EtcdCluster.StartAsync();
        await using var cluster = new Cluster(etcd.Endpoints);
        var silo = await cluster.StartSiloAsync("silo-1");
        var gateway = await cluster.StartGatewayAsync("gateway");
        await gateway.RegisterAsync("s", "a");
        var reads = new Reads(gateway, "s");

        etcd.Members[await etcd.LeaderAsync()].Kill();

        await cluster.StartSiloAsync("silo-2");
        await silo.SeesAsync(3);
        await Eventually.TrueAsync(async () => (await gateway.RegisterAsync("s", "b")).IsSuccessStatusCode, Cluster.Patience);
        await Eventually.Passes(async () => Assert.Equal(["a", "b"], await gateway.BestAsync("s")), Cluster.Patience);
        await reads.NoneFailedAsync();
    }

    [Fact]
    public async Task Terminate_Silo_IsNotReadyFirstAndLeavesInOrder()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        var silos = await Task.WhenAll(cluster.StartSiloAsync("silo-1"), cluster.StartSiloAsync("silo-2"));
        await silos[0].SeesAsync(2);

        Signals.Send(silos[1].Process.Pid, Signals.Terminate);

        var answers = new ConcurrentBag<HttpStatusCode>();
        var exit = silos[1].Process.WaitForExitAsync(Cluster.Patience);
        while (!exit.IsCompleted)
        {
            try
            {
                answers.Add((await silos[1].Http.GetAsync(new Uri("/readyz", UriKind.Relative))).StatusCode);
            }
            catch (HttpRequestException)
            {
                break; // it listens no more
            }
        }

        Assert.Equal(0, await exit);
        Assert.Contains(HttpStatusCode.ServiceUnavailable, answers);
        await silos[0].SeesAsync(1);
    }

    /// <summary>Reads a list all the time.</summary>
    private sealed class Reads
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task<int> _reading;

        public Reads(Member gateway, string service) => _reading = Task.Run(async () =>
        {
            var read = 0;
            while (!_stop.IsCancellationRequested)
            {
                Assert.Contains("a", await gateway.BestAsync(service));
                read++;
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }

            return read;
        });

        public async Task NoneFailedAsync()
        {
            await _stop.CancelAsync();
            Assert.True(await _reading > 10);
            _stop.Dispose();
        }
    }
}
