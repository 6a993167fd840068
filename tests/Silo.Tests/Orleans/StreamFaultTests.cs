using Fairway.Testing;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>Answers whose reader, grain and worker are in processes of their own, some of which die.</summary>
[Collection(Clusters.Name)]
public sealed class StreamFaultTests
{
    private const int Tokens = 150;
    private const string Slow = """{"tokens":150,"tokensPerSecond":15}""";

    [Fact]
    public async Task Kill_SiloOfTheGrain_TheWorkerBringsTheAnswerAgain()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        await cluster.StartModelAsync();
        var (reading, holder, _) = await BeginAsync("ann", await StartThreeAsync(cluster));

        holder.Process.Kill();

        Assert.Equal("stop", await reading.Ended.WaitAsync(Cluster.Patience));
        reading.IsWhole(Tokens + 2);
    }

    [Fact]
    public async Task Kill_ProcessOfTheWorker_TheAnswerEndsInAnErrorWhenItIsBack()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        await cluster.StartModelAsync();
        var (reading, _, worker) = await BeginAsync("bob", await StartThreeAsync(cluster));

        worker.Process.Kill();
        await cluster.StartGatewayAsync(worker.Name); // as its supervisor does

        Assert.Equal("error", await reading.Ended.WaitAsync(Cluster.Patience));
    }

    [Fact]
    public async Task Kill_GrainAndWorkerAtOnce_ReadersAreTold()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        await cluster.StartModelAsync();
        var (reading, holder, worker) = await BeginAsync("cid", await StartThreeAsync(cluster));

        holder.Process.Kill();
        worker.Process.Kill();

        Assert.Equal("error", await reading.Ended.WaitAsync(Cluster.Patience)); // nobody is left who could bring it again
    }

    [Fact]
    public async Task RollingRestart_UnderLoad_NoReadFailsAndEveryStreamHasATerminal()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var postgres = await PostgresServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]) { Postgres = postgres.ConnectionString };
        await cluster.StartModelAsync();
        var backs = new List<Member> { await cluster.StartGatewayAsync("back-1"), await cluster.StartGatewayAsync("back-2") };
        var silo = await cluster.StartSiloAsync("silo-1");
        var front = await cluster.StartClientAsync("front");
        await front.RegisterAsync("s", "a");
        using var stop = new CancellationTokenSource();
        var reads = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal(["a"], await front.BestAsync("s"));
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        });
        var streams = Task.WhenAll(Enumerable.Range(0, 4).Select(user => Task.Run(async () =>
        {
            var ends = new List<string?>();
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    var version = await front.AskAsync($"user-{user}", """{"tokens":20,"tokensPerSecond":20}""");
                    ends.Add(await (await front.FollowAsync($"user-{user}", version)).Ended.WaitAsync(Cluster.Patience)); // 410 would be thrown
                }
                catch (InvalidOperationException)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System); // refused in so many words: nothing was promised
                }
            }

            return ends;
        })));

        foreach (var back in backs)
        {
            await back.Process.StopAsync(Cluster.Patience);
            await cluster.StartGatewayAsync(back.Name);
        }

        await silo.Process.StopAsync(Cluster.Patience);
        await cluster.StartSiloAsync("silo-1");
        await stop.CancelAsync();
        await reads;
        var all = (await streams).SelectMany(ends => ends).ToList();

        Assert.True(all.Count > 4, "streams ended");
        Assert.DoesNotContain(null, all);
        Assert.DoesNotContain("delta", all);
    }

    private static async Task<Member[]> StartThreeAsync(Cluster cluster)
    {
        var members = await Task.WhenAll(cluster.StartGatewayAsync("one"), cluster.StartGatewayAsync("two"), cluster.StartGatewayAsync("three"));
        await members[0].SeesAsync(3);
        return members;
    }

    /// <summary>An answer under way whose grain, worker and reader are in three processes: the first request tells where the engine put the grain.</summary>
    private static async Task<(StreamReading Reading, Member Holder, Member Worker)> BeginAsync(string user, Member[] members)
    {
        var first = await members[0].AskAsync(user, """{"tokens":1}""", "earlier");
        await (await members[0].FollowAsync(user, first)).Ended.WaitAsync(Cluster.Patience);
        var silo = Assert.Single(await members[0].HoldersAsync("UserStreamGrain"));
        var own = await Task.WhenAll(members.Select(member => member.OwnSiloAsync()));
        var holder = members[Array.IndexOf(own, silo)];
        var others = members.Where(member => member != holder).ToArray();
        var version = await others[0].AskAsync(user, Slow);
        var reading = await others[1].FollowAsync(user, version);
        await Eventually.True(() => reading.Count > 5, Cluster.Patience);
        return (reading, holder, others[0]);
    }
}
