using System.Text;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Jobs;
using Fairway.Gateway.Jobs.RabbitMq;
using Fairway.GrainInterfaces.Streams;
using Fairway.Registry;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.RabbitMq;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Fairway.Gateway.Tests.Brokers;

[Collection(BrokerCollection.Name)]
[Trait("Engine", "any")]
public sealed class RabbitJobQueueTests(BrokerFixture servers)
{
    private readonly string _queue = BrokerFixture.NewName();
    private readonly JournalLedger _ledger = new(null, TimeProvider.System, NullLogger<JournalLedger>.Instance);

    [Fact]
    public async Task Enqueue_ThenCompleted_IsNeverDeliveredAgain()
    {
        await using (var rig = await StartAsync())
        {
            await rig.EnqueueAsync(1, 2, 3);
            for (var version = 1; version <= 3; version++)
            {
                var job = await rig.NextAsync();
                Assert.Equal((version, 1, false, "main", $"request {version}"), (job.Version, job.Attempt, job.MayHaveStored, job.Conversation, Text(job)));
                await rig.Queue.CompleteAsync(job);
            }
        }

        Assert.Equal(0u, await LeftAsync(Group().Queue));
    }

    [Fact]
    public async Task Dispose_JobsUnderWay_TheNextProcessGetsThemWithHigherAttemptsAndTheirMark()
    {
        await using (var first = await StartAsync())
        {
            await first.EnqueueAsync(1, 2);
            await first.NextAsync();
            await first.Queue.MarkFirstFrameAsync(await first.NextAsync());
        }

        await using var second = await StartAsync();
        StreamJob[] jobs = [await second.NextAsync(), await second.NextAsync()];
        Assert.Equal([(1L, false), (2L, true)], jobs.OrderBy(job => job.Version).Select(job => (job.Version, job.MayHaveStored)));
        Assert.All(jobs, job => Assert.InRange(job.Attempt, 2, int.MaxValue));
    }

    [Fact]
    public async Task Abandon_HereAndThenByTheProcess_AttemptsNeverGoBack()
    {
        var attempts = new List<int>();
        for (var process = 0; process < 3; process++)
        {
            await using var rig = await StartAsync();
            if (process == 0)
            {
                await rig.EnqueueAsync(1);
            }

            for (var i = 0; i < 3; i++)
            {
                var job = await rig.NextAsync();
                attempts.Add(job.Attempt);
                await rig.Queue.AbandonAsync(job);
            }
        }

        Assert.Equal(attempts.Order().Distinct(), attempts);
    }

    [Fact]
    public async Task Abandon_TooOften_IsADeadLetter()
    {
        await using var rig = await StartAsync(options => options.DeliveryLimit = 3);
        await rig.EnqueueAsync(1);
        for (var i = 0; i < 3; i++)
        {
            await rig.Queue.AbandonAsync(await rig.NextAsync());
        }

        await Eventually.TrueAsync(async () => await LeftAsync(Group().DeadLetters) == 1);
        Assert.Equal(0u, await LeftAsync(Group().Queue));
    }

    [Fact]
    public async Task Deliver_WhatIsNoJob_IsADeadLetterAndTheNextJobRuns()
    {
        await using var rig = await StartAsync();
        await using (var connection = await ConnectAsync())
        await using (var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true)))
        {
            foreach (var garbage in new byte[][] { [], [1], [9, 1, 2, 3], [1, 255, 255, 255, 255, 255] })
            {
                await channel.BasicPublishAsync("", Group().Queue, mandatory: true, garbage);
            }
        }

        await rig.EnqueueAsync(5);
        Assert.Equal(5, (await rig.NextAsync()).Version);
        await Eventually.TrueAsync(async () => await LeftAsync(Group().DeadLetters) == 4);
    }

    [Fact]
    public async Task ConnectionLost_JobUnderWay_RunsOnHereAndIsNotDeliveredTwice()
    {
        await using var proxy = new TcpProxy(servers.Rabbit.Port);
        await using var rig = await StartAsync(options => options.Uri = $"amqp://guest:guest@127.0.0.1:{proxy.Port}/");
        await rig.EnqueueAsync(1, 2);
        var running = await rig.NextAsync();
        var ended = await rig.NextAsync();
        await rig.Queue.MarkFirstFrameAsync(running);

        proxy.Cut();
        await Eventually.True(() => !rig.IsUp);
        await rig.Queue.CompleteAsync(ended); // the broker cannot hear of it
        Assert.Throws<QueueAwayException>(() => rig.Queue.TryAdmit());
        proxy.Mend();
        await Eventually.True(() => rig.IsUp);
        await rig.EnqueueAsync(3);

        Assert.Equal(3, (await rig.NextAsync()).Version); // and neither of those that came back with it
        await rig.Queue.CompleteAsync(running);
        await rig.DisposeAsync();
        Assert.Equal(1u, await LeftAsync(Group().Queue)); // 3, which was not completed
    }

    [Fact]
    public async Task TryAdmit_QueueFull_IsRefusedUntilAPlaceIsFree()
    {
        await using var rig = await StartAsync(capacity: 2, workers: 1);
        await rig.EnqueueAsync(1);
        var first = await rig.NextAsync(); // under way, no longer waiting
        await rig.EnqueueAsync(2);
        using (Assert.IsType<JobSlot>(rig.Queue.TryAdmit()))
        {
            Assert.Null(rig.Queue.TryAdmit());
        }

        await rig.EnqueueAsync(3);
        Assert.Null(rig.Queue.TryAdmit());
        await rig.Queue.CompleteAsync(first);
        await rig.NextAsync();
        await Eventually.True(() => rig.Queue.TryAdmit() is { } slot && Free(slot));
    }

    [Fact]
    public async Task Start_QueueDeclaredOtherwise_IsUsedAsItIs()
    {
        await using (var first = await StartAsync())
        {
            await first.EnqueueAsync(1);
        }

        await using var second = await StartAsync(options => options.DeliveryLimit = 7);
        Assert.Equal(1, (await second.NextAsync()).Version);
    }

    [Fact]
    public async Task Enqueue_EveryKindOfLabel_OnlyTheGroupThatTheTableSaysTakesIt()
    {
        await using var lanes = await Lanes.StartAsync();
        await lanes.DeclareAsync("blue");
        await lanes.PutAsync("green");
        await using var @base = await StartAsync(lanes: lanes);
        await using var blue = await StartAsync(options => options.Lane = "blue", lanes: lanes);

        await @base.EnqueueAsync(1);
        await @base.EnqueueAsync(Label.Of("blue", stress: true, "10.0.0.1:80"), 2);
        await blue.EnqueueAsync(Label.Of("green"), 3); // undeclared there
        await blue.EnqueueAsync(Label.Of("unknown"), 4);
        await blue.EnqueueAsync(Label.Of("blue"), 5);

        StreamJob[] ofBase = [await @base.NextAsync(), await @base.NextAsync(), await @base.NextAsync()];
        StreamJob[] ofBlue = [await blue.NextAsync(), await blue.NextAsync()];
        Assert.Equal([(1, null), (3, "green"), (4, "unknown")], ofBase.Select(job => (job.Version, LabelText.Read(job.Label).Lane)).Order());
        Assert.Equal([2, 5], ofBlue.Select(job => job.Version).Order());
        Assert.Equal(Label.Of("blue", stress: true, "10.0.0.1:80"), LabelText.Read(ofBlue.Single(job => job.Version == 2).Label));
        Assert.Equal(0u, await LeftAsync(Group().Queue));
        Assert.Equal(0u, await LeftAsync(Group("blue").Queue));
    }

    [Fact]
    public async Task Enqueue_LanesOff_RunsHereUnderItsLabel()
    {
        await using var lanes = await Lanes.StartAsync();
        await lanes.DeclareAsync("blue");
        await using var rig = await StartAsync(options => options.Lanes = false, lanes: lanes);
        await rig.EnqueueAsync(Label.Of("blue"), 1);
        Assert.Equal("blue", LabelText.Read((await rig.NextAsync()).Label).Lane);
    }

    [Theory]
    [InlineData("park")]
    [InlineData("base")]
    public async Task Enqueue_LaneWithoutWorkers_WaitsOrIsBasesAsItsDeclarationSays(string onConsumerDown)
    {
        await using var lanes = await Lanes.StartAsync();
        await lanes.DeclareAsync("blue", onConsumerDown);
        await using var rig = await StartAsync(options => options.StandInSeconds = 1, lanes: lanes);
        await rig.EnqueueAsync(Label.Of("blue"), 1);

        if (onConsumerDown == "base")
        {
            var job = await rig.NextAsync();
            Assert.Equal((1, "blue"), (job.Version, LabelText.Read(job.Label).Lane));
            return;
        }

        await Eventually.TrueAsync(async () => await LeftAsync(Group("blue").Queue) == 1);
        await rig.EnqueueAsync(2);
        Assert.Equal(2, (await rig.NextAsync()).Version);
        await using var blue = await StartAsync(options => options.Lane = "blue", lanes: lanes);
        Assert.Equal(1, (await blue.NextAsync()).Version);
    }

    [Fact]
    public async Task Lane_Removed_TheRestOfItsJobsGoesToBaseOnce()
    {
        await using var lanes = await Lanes.StartAsync();
        await lanes.DeclareAsync("blue");
        await using var rig = await StartAsync(options => options.StandInSeconds = 1, lanes: lanes);
        await rig.EnqueueAsync(Label.Of("blue"), 1, 2, 3);
        await lanes.RemoveAsync("blue");

        List<long> versions = [];
        for (var i = 0; i < 3; i++)
        {
            var job = await rig.NextAsync();
            versions.Add(job.Version);
            await rig.Queue.CompleteAsync(job);
        }

        Assert.Equal([1, 2, 3], versions.Order());
        await Eventually.TrueAsync(async () => await LeftAsync(Group("blue").Queue) == 0);
        await rig.EnqueueAsync(Label.Of("blue"), 4); // routed as undeclared
        Assert.Equal(4, (await rig.NextAsync()).Version);
    }

    [Fact]
    public async Task Enqueue_LanesNotReadYet_WaitsForThemOrIsRefused()
    {
        await using var lanes = new Lanes();
        await using var rig = await StartAsync(options => options.ConfirmSeconds = 0.2, lanes: lanes);
        await Assert.ThrowsAsync<QueueAwayException>(() => rig.EnqueueAsync(Label.Of("blue"), 1));
        await rig.EnqueueAsync(2); // needs no lanes
        Assert.Equal(2, (await rig.NextAsync()).Version);

        await using var patient = await StartAsync(lanes: lanes);
        var labelled = patient.EnqueueAsync(Label.Of("blue"), 3);
        Assert.False(labelled.IsCompleted);
        await lanes.Views.StartAsync(CancellationToken.None);
        await labelled;
    }

    [Fact]
    public async Task TryAdmit_LaneFull_LeavesBasesPlaces()
    {
        await using var lanes = await Lanes.StartAsync();
        await lanes.DeclareAsync("blue");
        await using var rig = await StartAsync(capacity: 2, lanes: lanes);
        await rig.EnqueueAsync(Label.Of("blue"), 1, 2);
        Assert.Null(rig.Queue.TryAdmit("blue"));
        Assert.True(rig.Queue.TryAdmit() is { } slot && Free(slot));
    }

    [Fact]
    public async Task Offline_ThisGateway_TakesNothingUntilItIsOver()
    {
        await using var lanes = await Lanes.StartAsync();
        await using var rig = await StartAsync(lanes: lanes, address: "10.0.0.7:80");
        await lanes.Registry.PutAsync(RegistryKeys.Offline("10.0.0.7:80"), OperatorCodec.Encode(new OfflineMark("10.0.0.7:80", "ann", "test", null)));
        await Eventually.TrueAsync(async () => await ConsumersAsync(Group().Queue) == 0);
        await rig.EnqueueAsync(1);
        await Eventually.TrueAsync(async () => await LeftAsync(Group().Queue) == 1);

        await lanes.Registry.DeleteAsync(RegistryKeys.Offline("10.0.0.7:80"));
        Assert.Equal(1, (await rig.NextAsync()).Version);
    }

    private static bool Free(JobSlot slot)
    {
        slot.Dispose();
        return true;
    }

    private static string Text(StreamJob job) => Encoding.UTF8.GetString(job.Request.Memory.Span);

    private Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = new Uri(servers.Rabbit.Uri) }.CreateConnectionAsync();

    private Group Group(string? lane = null) => new(_queue, new RabbitJobOptions().Service, lane);

    private async Task<uint> LeftAsync(string queue) => (await DeclaredAsync(queue)).MessageCount;

    private async Task<uint> ConsumersAsync(string queue) => (await DeclaredAsync(queue)).ConsumerCount;

    private async Task<QueueDeclareOk> DeclaredAsync(string queue)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        return await channel.QueueDeclarePassiveAsync(queue);
    }

    private async Task<Rig> StartAsync(
        Action<RabbitJobOptions>? configure = null, int capacity = 1000, int workers = 8, Lanes? lanes = null, string? address = null)
    {
        var options = new RabbitJobOptions { Uri = servers.Rabbit.Uri, Queue = _queue, Lanes = lanes is not null };
        configure?.Invoke(options);
        var rig = new Rig(options, new JobOptions { QueueLength = capacity, MaxConcurrent = workers }, _ledger, lanes, address);
        await rig.Queue.StartAsync(CancellationToken.None);
        await Eventually.True(() => rig.IsUp, TimeSpan.FromSeconds(30));
        return rig;
    }

    private sealed class Rig : IAsyncDisposable
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

        public Rig(RabbitJobOptions options, JobOptions jobs, IJobLedger ledger, Lanes? lanes, string? address) => Queue = new RabbitJobQueue(
            Options.Create(options), Options.Create(jobs), ledger, lanes?.Views ?? new Lanes().Views, ActivatorUtilities.CreateInstance<BrokerMetrics>(_services),
            ActivatorUtilities.CreateInstance<RabbitJobMetrics>(_services), TimeProvider.System, new Lifetime(), NullLogger<RabbitJobQueue>.Instance,
            address is null ? null : new GatewayAddress(null!, Options.Create(new GatewayOptions { AdvertiseAddress = address })));

        public RabbitJobQueue Queue { get; }

        public bool IsUp => Queue.IsUp;

        public Task EnqueueAsync(params long[] versions) => EnqueueAsync(Label.None, versions);

        public async Task EnqueueAsync(Label label, params long[] versions)
        {
            foreach (var version in versions)
            {
                var request = StreamBytes.From(Encoding.UTF8.GetBytes($"request {version}"));
                var job = new StreamJob("me", version, "main", 1, request, false, LabelText.Write(label));
                await Queue.EnqueueAsync(Queue.TryAdmit(label.Lane)!, job);
            }
        }

        public async Task<StreamJob> NextAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            return await Queue.DequeueAsync(limit.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await Queue.DisposeAsync();
            await _services.DisposeAsync();
        }
    }

    /// <summary>A registry in this process with lanes.</summary>
    private sealed class Lanes : IAsyncDisposable
    {
        public Lanes() => Views = new RegistryLaneViews(Registry, new RabbitJobOptions().Service, TimeProvider.System, NullLogger<RegistryWatcher>.Instance);

        public MemoryRegistry Registry { get; } = new();

        public RegistryLaneViews Views { get; }

        public static async Task<Lanes> StartAsync()
        {
            var lanes = new Lanes();
            await lanes.Views.StartAsync(CancellationToken.None);
            await Eventually.True(() => !lanes.Views.Current.IsStale);
            return lanes;
        }

        public Task<long> PutAsync(string lane) =>
            Registry.PutAsync(RegistryKeys.Lane(lane), LaneCodec.Encode(new LaneRecord(lane, "test", DateTimeOffset.UtcNow, null)));

        public async Task DeclareAsync(string lane, string onConsumerDown = "park")
        {
            await PutAsync(lane);
            var service = new RabbitJobOptions().Service;
            await Registry.PutAsync(RegistryKeys.Declaration(lane, service), LaneCodec.Encode(new LaneDeclaration(service, "operator", onConsumerDown)));
            await Eventually.True(() => Views.Current.Table.Declares(lane, service));
        }

        public async Task RemoveAsync(string lane)
        {
            await Registry.DeleteAsync(RegistryKeys.Lane(lane), prefix: true);
            await Eventually.True(() => !Views.Current.Table.Knows(lane));
        }

        public async ValueTask DisposeAsync()
        {
            await Views.StopAsync(CancellationToken.None);
            Views.Dispose();
            Registry.Dispose();
        }
    }
}
