using Fairway.Testing;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>Answers whose reader, grain and worker are in processes of their own, some of which die.</summary>
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
        var (reader, holder, worker) = await StartThreeAsync(cluster);
        var version = await BeginAsync("ann", holder, worker);
        var reading = await reader.FollowAsync("ann", version);
        await Eventually.True(() => reading.Count > 5, Cluster.Patience);

        holder.Process.Kill();

        Assert.Equal("stop", await reading.Ended.WaitAsync(Cluster.Patience));
        reading.IsWhole(Tokens + 1);
    }

    [Fact]
    public async Task Kill_ProcessOfTheWorker_TheAnswerEndsInAnErrorWhenItIsBack()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        await cluster.StartModelAsync();
        var (reader, holder, worker) = await StartThreeAsync(cluster);
        var version = await BeginAsync("bob", holder, worker);
        var reading = await reader.FollowAsync("bob", version);
        await Eventually.True(() => reading.Count > 5, Cluster.Patience);

        worker.Process.Kill();
        await cluster.StartGatewayAsync(worker.Name); // as its supervisor does

        Assert.Equal("error", await reading.Ended.WaitAsync(Cluster.Patience));
    }

    [Fact]
    public async Task Kill_SiloOfAFinishedAnswer_ItsReadersAreToldAndNothingHangs()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        await cluster.StartModelAsync();
        var (reader, holder, worker) = await StartThreeAsync(cluster);
        var version = await BeginAsync("cid", holder, worker);
        var reading = await reader.FollowAsync("cid", version);
        await Eventually.True(() => reading.Count > 5, Cluster.Patience);

        holder.Process.Kill();
        worker.Process.Kill();

        Assert.Equal("error", await reading.Ended.WaitAsync(Cluster.Patience)); // nobody is left who could bring it again
    }

    [Fact]
    public async Task RollingRestart_UnderLoad_NoReadFailsAndEveryStreamHasATerminal()
    {
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
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
                    ends.Add(await (await front.FollowAsync($"user-{user}", version)).Ended.WaitAsync(Cluster.Patience));
                }
                catch (Xunit.Sdk.TrueException)
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

    private static async Task<(Member Reader, Member Holder, Member Worker)> StartThreeAsync(Cluster cluster)
    {
        var members = await Task.WhenAll(cluster.StartGatewayAsync("reader"), cluster.StartGatewayAsync("holder"), cluster.StartGatewayAsync("worker"));
        await members[0].SeesAsync(3);
        return (members[0], members[1], members[2]);
    }

    /// <summary>The user's grain stands in one process, since its first call came from there; the job of the second call is done by the other.</summary>
    private static async Task<string> BeginAsync(string user, Member holder, Member worker)
    {
        var first = await holder.AskAsync(user, """{"tokens":1}""", "earlier");
        await (await holder.FollowAsync(user, first)).Ended.WaitAsync(Cluster.Patience);
        Assert.Equal(await holder.OwnSiloAsync(), Assert.Single(await worker.HoldersAsync("UserStreamGrain")));
        return await worker.AskAsync(user, Slow);
    }
}
