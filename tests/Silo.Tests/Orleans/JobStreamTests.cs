using System.Net;
using Fairway.Testing;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>Questions on their way to a worker over Orleans's streams: asked at one process, answered by another one, some of which die.</summary>
[Collection(Clusters.Name)]
public sealed class JobStreamTests : IAsyncLifetime
{
    private const string Setting = "--Jobs:OrleansStreams:Provider=memory";
    private const string Short = """{"tokens":5,"tokensPerSecond":0,"firstTokenMs":200}""";
    private const string Slow = """{"tokens":150,"tokensPerSecond":15}""";
    private const string Silent = """{"tokens":5,"tokensPerSecond":0,"firstTokenMs":15000}""";
    private const string Calls = "fairway_model_calls_total";
    private const string Running = "fairway_generations_running";

    private EtcdServer _etcd = null!;
    private PostgresServer _postgres = null!;
    private Cluster _cluster = null!;

    public async Task InitializeAsync()
    {
        (_etcd, _postgres) = (await EtcdServer.StartAsync(), await PostgresServer.StartAsync());
        _cluster = new Cluster([_etcd.Endpoint]) { Postgres = _postgres.ConnectionString, Settings = [Setting, "--Streams:UnreadSeconds=600"] };
        await _cluster.StartModelAsync();
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _postgres.DisposeAsync();
        await _etcd.DisposeAsync();
    }

    [Theory]
    [InlineData(false, "memory")]
    [InlineData(true, "memory")]
    [InlineData(true, "mine")]
    public async Task Ask_OneOfTwoGateways_StreamsTellBothAndEachQuestionIsAnsweredOnce(bool areClients, string provider)
    {
        const int Questions = 20;
        _cluster.Settings = [.. _cluster.Settings, "--Jobs:OrleansStreams:WaitSeconds=300"]; // nobody looks for what no stream told of
        if (provider != "memory")
        {
            _cluster.Settings = [.. _cluster.Settings, $"--Jobs:OrleansStreams:Provider={provider}", $"--Orleans:Streaming:{provider}:ProviderType=Memory"];
        }

        if (areClients)
        {
            await _cluster.StartSiloAsync("silo");
        }

        var members = await Task.WhenAll(StartAsync("one"), StartAsync("two"));
        if (!areClients)
        {
            await members[0].SeesAsync(2);
        }

        await Task.WhenAll(Enumerable.Range(0, Questions).Select(user => AnswerAsync(members[0], members[1], $"user-{user}")));

        long[] calls = [await members[0].FigureAsync(Calls), await members[1].FigureAsync(Calls)];
        Assert.Equal(Questions, calls.Sum());
        Assert.All(calls, count => Assert.InRange(count, 1, Questions - 1));
        Assert.Equal(Questions, (await Task.WhenAll(members.Select(member => member.FigureAsync("fairway_jobs_taken_total", "stream")))).Sum());

        Task<Member> StartAsync(string name) => areClients ? _cluster.StartClientAsync(name) : _cluster.StartGatewayAsync(name);
    }

    [Fact]
    public async Task Kill_WorkerBeforeAndAfterTheFirstFrame_IsRunAgainAndEndsInterrupted()
    {
        await _cluster.StartSiloAsync("silo");
        Member[] clients = await Task.WhenAll(_cluster.StartClientAsync("one"), _cluster.StartClientAsync("two"));
        var reader = await _cluster.StartClientAsync("reader");
        var (silent, silentWorker) = await BeginAsync(reader, "ann", Silent, [reader, .. clients]);
        var (slow, slowWorker) = await BeginAsync(silentWorker == reader ? clients[0] : reader, "bob", Slow, [.. clients, reader]);
        Member[] alive = [.. clients.Append(reader).Where(member => member != silentWorker && member != slowWorker)];
        var before = await alive[0].FollowAsync("ann", silent);
        var after = await alive[0].FollowAsync("bob", slow);
        await Eventually.True(() => after.Count > 5, Cluster.Patience);

        silentWorker.Process.Kill();
        slowWorker.Process.Kill();

        Assert.Equal("error", await after.Ended.WaitAsync(Cluster.Patience));
        Assert.Contains("INTERRUPTED", after.Frames[^1], StringComparison.Ordinal);
        Assert.Equal("stop", await before.Ended.WaitAsync(Cluster.Patience));
        before.IsWhole(5 + 2);
        Assert.Equal(1, (await Task.WhenAll(alive.Select(member => member.FigureAsync(Calls)))).Sum());
    }

    [Fact]
    public async Task Kill_GatewayThatWasAsked_TheWorkerGoesOn()
    {
        await _cluster.StartSiloAsync("silo");
        var worker = await _cluster.StartClientAsync("worker");
        var asked = await _cluster.StartClientAsync("asked", "--Streams:MaxConcurrent=1");
        var (user, version, by) = ("", "", asked);
        for (var i = 0; by == asked; i++)
        {
            user = $"user-{i}"; // it runs one itself at most
            (version, by) = await BeginAsync(asked, user, Slow, [asked, worker]);
        }

        var reading = await worker.FollowAsync(user, version);
        asked.Process.Kill();

        Assert.Equal("stop", await reading.Ended.WaitAsync(Cluster.Patience));
        reading.IsWhole(150 + 2);
    }

    [Fact]
    public async Task Kill_SiloOfTheStreams_WhatWasAskedIsAnswered()
    {
        var silos = await Task.WhenAll(_cluster.StartSiloAsync("silo-1"), _cluster.StartSiloAsync("silo-2"), _cluster.StartSiloAsync("silo-3"));
        await silos[0].SeesAsync(3);
        var clients = await Task.WhenAll(_cluster.StartClientAsync("one"), _cluster.StartClientAsync("two"));
        await AnswerAsync(clients[0], clients[1], "warm");
        using var stop = new CancellationTokenSource();
        var asking = Task.WhenAll(Enumerable.Range(0, 4).Select(user => Task.Run(async () =>
        {
            var ends = new List<string?>();
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    var version = await clients[0].AskAsync($"user-{user}", Short);
                    var reading = await clients[1].FollowAsync($"user-{user}", version);
                    ends.Add(await reading.Ended.WaitAsync(Cluster.Patience) == "stop" ? "stop" : $"{version}: {string.Join(" | ", reading.Frames)}");
                }
                catch (InvalidOperationException)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System); // refused in so many words: nothing was promised
                }
            }

            return ends;
        })));

        silos[0].Process.Kill();
        await silos[1].SeesAsync(2);
        silos[1].Process.Kill();
        await silos[2].SeesAsync(1);
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        await stop.CancelAsync();

        Assert.All((await asking).SelectMany(ends => ends), end => Assert.Equal("stop", end));
    }

    [Fact]
    public async Task Restart_WholeCluster_WhatNoModelHadBegunIsAnsweredAndTheRestIsInterrupted()
    {
        var before = await _cluster.StartGatewayAsync("before", "--Streams:MaxConcurrent=1");
        var (slow, _) = await BeginAsync(before, "ann", Slow, [before]);
        var reading = await before.FollowAsync("ann", slow);
        await Eventually.True(() => reading.Count > 5, Cluster.Patience);
        var waiting = await before.AskAsync("bob", Short);

        before.Process.Kill();
        var after = await _cluster.StartGatewayAsync("after");

        var (interrupted, answered) = (await after.FollowAsync("ann", slow), await after.FollowAsync("bob", waiting));
        Assert.Equal("error", await interrupted.Ended.WaitAsync(Cluster.Patience));
        Assert.Contains("INTERRUPTED", interrupted.Frames[^1], StringComparison.Ordinal);
        Assert.Equal("stop", await answered.Ended.WaitAsync(Cluster.Patience));
    }

    [Fact]
    public async Task Ask_NobodyHasRoom_WaitsAndWhatIsMoreIsRefused()
    {
        var gateway = await _cluster.StartGatewayAsync("small", "--Streams:MaxConcurrent=1", "--Streams:QueueLength=1");
        await BeginAsync(gateway, "ann", Slow, [gateway]);
        var waiting = await gateway.AskAsync("bob", Short);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => gateway.AskAsync("cid", Short));
        Assert.Contains("429", refused.Message, StringComparison.Ordinal);
        Assert.Contains("QUEUE_FULL", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await gateway.FigureAsync(Running));
        Assert.Equal("stop", await (await gateway.FollowAsync("bob", waiting)).Ended.WaitAsync(Cluster.Patience));
    }

    [Fact]
    public async Task Stop_Worker_TheRestGoesOnElsewhere()
    {
        await _cluster.StartSiloAsync("silo");
        var leaving = await _cluster.StartClientAsync("leaving", "--Streams:DrainSeconds=0");
        var (version, _) = await BeginAsync(leaving, "ann", Silent, [leaving]);
        var staying = await _cluster.StartClientAsync("staying");
        var reading = await staying.FollowAsync("ann", version);

        await leaving.Process.StopAsync(Cluster.Patience);

        Assert.Equal("stop", await reading.Ended.WaitAsync(Cluster.Patience));
        Assert.Equal(1, await staying.FigureAsync(Calls));
        Assert.Equal(HttpStatusCode.NoContent, await staying.AcknowledgeAsync("ann", version));
    }

    private static async Task AnswerAsync(Member asked, Member read, string user)
    {
        var version = await asked.AskAsync(user, Short);
        var reading = await read.FollowAsync(user, version);
        Assert.Equal("stop", await reading.Ended.WaitAsync(Cluster.Patience));
        reading.IsWhole(5 + 2);
    }

    /// <summary>Asks, and waits until the model is asked by one of the processes.</summary>
    private static async Task<(string Version, Member Worker)> BeginAsync(Member asked, string user, string knobs, Member[] members)
    {
        var before = await Task.WhenAll(members.Select(member => member.FigureAsync(Calls)));
        var version = await asked.AskAsync(user, knobs);
        Member? worker = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var now = await Task.WhenAll(members.Select(member => member.FigureAsync(Calls)));
                worker = members.Where((_, index) => now[index] > before[index]).FirstOrDefault();
                return worker is not null;
            },
            Cluster.Patience);
        return (version, worker!);
    }
}
