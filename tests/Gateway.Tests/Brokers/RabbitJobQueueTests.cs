using System.Text;
using Fairway.Gateway.Jobs;
using Fairway.Gateway.Jobs.RabbitMq;
using Fairway.GrainInterfaces.Streams;
using Fairway.Sdk.RabbitMq;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Fairway.Gateway.Tests.Brokers;

[Collection(BrokerCollection.Name)]
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

        Assert.Equal(0u, await LeftAsync(_queue));
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

        await Eventually.TrueAsync(async () => await LeftAsync($"{_queue}.dead") == 1);
        Assert.Equal(0u, await LeftAsync(_queue));
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
                await channel.BasicPublishAsync("", _queue, mandatory: true, garbage);
            }
        }

        await rig.EnqueueAsync(5);
        Assert.Equal(5, (await rig.NextAsync()).Version);
        await Eventually.TrueAsync(async () => await LeftAsync($"{_queue}.dead") == 4);
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
        Assert.Equal(1u, await LeftAsync(_queue)); // 3, which was not completed
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

    private static bool Free(JobSlot slot)
    {
        slot.Dispose();
        return true;
    }

    private static string Text(StreamJob job) => Encoding.UTF8.GetString(job.Request.Memory.Span);

    private Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = new Uri(servers.Rabbit.Uri) }.CreateConnectionAsync();

    private async Task<uint> LeftAsync(string queue)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
    }

    private async Task<Rig> StartAsync(Action<RabbitJobOptions>? configure = null, int capacity = 1000, int workers = 8)
    {
        var options = new RabbitJobOptions { Uri = servers.Rabbit.Uri, Queue = _queue };
        configure?.Invoke(options);
        var rig = new Rig(options, new JobOptions { QueueLength = capacity, MaxConcurrent = workers }, _ledger);
        await rig.Queue.StartAsync(CancellationToken.None);
        await Eventually.True(() => rig.IsUp, TimeSpan.FromSeconds(30));
        return rig;
    }

    private sealed class Rig : IAsyncDisposable
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

        public Rig(RabbitJobOptions options, JobOptions jobs, IJobLedger ledger) => Queue = new RabbitJobQueue(
            Options.Create(options), Options.Create(jobs), ledger, ActivatorUtilities.CreateInstance<BrokerMetrics>(_services),
            ActivatorUtilities.CreateInstance<RabbitJobMetrics>(_services), TimeProvider.System, new Lifetime(), NullLogger<RabbitJobQueue>.Instance);

        public RabbitJobQueue Queue { get; }

        public bool IsUp => Queue.IsUp;

        public async Task EnqueueAsync(params long[] versions)
        {
            foreach (var version in versions)
            {
                var job = new StreamJob("me", version, "main", 1, StreamBytes.From(Encoding.UTF8.GetBytes($"request {version}")), false);
                await Queue.EnqueueAsync(Queue.TryAdmit()!, job);
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

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
