using System.Text;
using Fairway.Core.Lanes;
using Fairway.Core.Streams;
using Fairway.Gateway.Jobs;
using Fairway.Gateway.Jobs.Shared;
using Fairway.GrainInterfaces.Streams;
using Fairway.Grains.Streams;
using Fairway.Silo.Jobs;
using Fairway.Storage.Postgres;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Tests.Brokers;

/// <summary>The jobs of a cluster in a real database; what tells of them is a stand-in for streams, which may be silent or tell twice.</summary>
[Collection(BrokerCollection.Name)]
[Trait("Engine", "any")]
public sealed class SharedJobQueueTests(BrokerFixture servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly string _schema = BrokerFixture.NewName();
    private readonly Words _words = new();

    [Fact]
    public async Task Enqueue_ToldTwice_IsDeliveredOnceAndWithAllItHas()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        _words.Times = 3;
        var label = LabelText.Write(Label.Of("blue"));
        await one.EnqueueAsync(7, label);

        var (rig, job) = await AnyAsync(one, two);
        Assert.Equal((7, "request 7"), (await two.Queue.FindAsync("me", 7)) is { } found ? (found.Version, Text(found)) : default);
        Assert.Null(await one.Queue.FindAsync("another", 7));
        Assert.Equal((7, 1, false, "main", "request 7", label), (job.Version, job.Attempt, job.MayHaveStored, job.Conversation, Text(job), job.Label));
        await rig.Queue.CompleteAsync(job);
        await _words.TellAsync("me", 7); // long after

        Assert.Equal(0L, await CountAsync());
        Assert.Null(await one.Queue.FindAsync("me", 7));
        Assert.True(await one.IsSilentAsync() && await two.IsSilentAsync());
    }

    [Fact]
    public async Task Enqueue_StreamSilent_IsFoundByWhoHasRoom()
    {
        await using var one = await StartAsync(jobs: new JobOptions { MaxConcurrent = 1 });
        await using var two = await StartAsync(jobs: new JobOptions { MaxConcurrent = 2 });
        _words.IsSilent = true;
        await one.EnqueueAsync(1, 2, 3);

        StreamJob[] jobs = [await one.NextAsync(), await two.NextAsync(), await two.NextAsync()];
        Assert.Equal([1L, 2L, 3L], jobs.Select(job => job.Version).Order());
    }

    [Fact]
    public async Task Offer_AsManyAsTheWorkerRuns_AreTakenAndTheRestWaits()
    {
        await using var one = await StartAsync(jobs: new JobOptions { MaxConcurrent = 2 }, configure: options => options.WaitSeconds = 300);
        await one.EnqueueAsync(1, 2);
        var first = await one.NextAsync();
        await one.NextAsync();

        Assert.False(one.Queue.Offer("me", 3));
        await one.EnqueueAsync(3);
        Assert.True(one.Queue.Offer("me", first.Version)); // it is here
        await one.Queue.CompleteAsync(first);
        await _words.TellAsync("me", 3);

        Assert.Equal(3, (await one.NextAsync()).Version);
    }

    [Fact]
    public async Task Crash_BeforeAndAfterTheFirstFrame_AnotherGetsThemWithAHigherAttemptAndTheMark()
    {
        var dead = await StartAsync();
        await dead.EnqueueAsync(1, 2, 3);
        var (unmarked, marked, done) = (await dead.NextAsync(), await dead.NextAsync(), await dead.NextAsync());
        await dead.Queue.MarkFirstFrameAsync(marked);
        await dead.Queue.CompleteAsync(done);
        await using var other = await StartAsync();
        Assert.True(await other.IsSilentAsync());

        await dead.DisposeAsync(); // without a word

        StreamJob[] jobs = [await other.NextAsync(), await other.NextAsync()];
        Assert.Equal(
            new[] { (unmarked.Version, 2, false), (marked.Version, 2, true) }.Order(),
            jobs.Select(job => (job.Version, job.Attempt, job.MayHaveStored)).Order());
        Assert.Equal(2L, await CountAsync());
    }

    [Fact]
    public async Task Mark_AfterAnotherTookOver_IsRefusedAndChangesNothing()
    {
        var frozen = await StartAsync();
        await frozen.EnqueueAsync(1);
        var job = await frozen.NextAsync();
        await frozen.Queue.DisposeAsync(); // it beats no more, and goes on later
        await using var other = await StartAsync();
        var again = await other.NextAsync();

        await Assert.ThrowsAsync<JobLostException>(() => frozen.Queue.MarkFirstFrameAsync(job));
        await frozen.Queue.CompleteAsync(job);

        Assert.Equal((2, false), (again.Attempt, again.MayHaveStored));
        Assert.Equal(1L, await CountAsync());
        await other.Queue.MarkFirstFrameAsync(again);
        await other.Queue.CompleteAsync(again);
        Assert.Equal(0L, await CountAsync());
        await frozen.DisposeAsync();
    }

    [Fact]
    public async Task Abandon_AndStop_GoOnElsewhereWithAHigherAttempt()
    {
        var one = await StartAsync();
        await one.EnqueueAsync(1);
        await one.Queue.AbandonAsync(await one.NextAsync());
        Assert.Equal(2, (await one.NextAsync()) is { } second ? await one.ReturnAsync(second) : 0);
        await Eventually.True(() => _words.Told >= 3);
        await using var two = await StartAsync();

        await one.Queue.StopAsync(CancellationToken.None); // with what its worker did not come to

        var job = await two.NextAsync();
        Assert.Equal((1L, false), (job.Version, job.MayHaveStored));
        Assert.InRange(job.Attempt, 3, 4);
        await one.DisposeAsync();
    }

    [Fact]
    public async Task Admit_QueueFull_IsNoPlaceUntilOneIsTaken()
    {
        await using var one = await StartAsync(jobs: new JobOptions { QueueLength = 2, MaxConcurrent = 1 }, configure: options => options.WaitSeconds = 300);
        _words.IsSilent = true;
        await one.EnqueueAsync(1);
        using var second = one.Queue.TryAdmit();
        Assert.NotNull(second);
        Assert.Null(one.Queue.TryAdmit());
        await using var two = await StartAsync(jobs: new JobOptions { QueueLength = 1 }, configure: options => options.WaitSeconds = 300);
        Assert.Null(two.Queue.TryAdmit()); // it counts what the other one took

        Assert.True(two.Queue.Offer("me", 1));
        await two.NextAsync();

        Assert.NotNull(two.Queue.TryAdmit());
        await Eventually.True(() => one.Queue.Waiting == 1);
    }

    [Fact]
    public async Task Reserve_SameKeyAtAnotherGateway_IsAReplay()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var first = await one.Queue.ReserveAsync("me", "k", new byte[] { 1 }, CancellationToken.None);
        await one.Queue.EnqueueAsync(one.Queue.TryAdmit()!, Job(5), first.Reservation);

        var again = await two.Queue.ReserveAsync("me", "k", new byte[] { 1 }, CancellationToken.None);
        var other = await two.Queue.ReserveAsync("me", "k", new byte[] { 2 }, CancellationToken.None);

        Assert.Equal((IdempotencyOutcome.Replay, 5L), (again.Outcome, again.Version));
        Assert.Equal(IdempotencyOutcome.Conflict, other.Outcome);
    }

    [Fact]
    public async Task Start_JobsOfLongAgo_NobodyIsAskedForTheUnmarkedOnesThatNobodyAwaits()
    {
        var dead = await StartAsync(jobs: new JobOptions { MaxConcurrent = 2 });
        await dead.EnqueueAsync(1, 2);
        await dead.NextAsync();
        var marked = await dead.NextAsync();
        await dead.Queue.MarkFirstFrameAsync(marked);
        await dead.Queue.EnqueueAsync(dead.Queue.TryAdmit()!, Job(3) with { Conversation = ConversationNames.Kept + "3" });
        await dead.DisposeAsync();
        await servers.QueryAsync<object>($"UPDATE {_schema}.jobs SET at = at - interval '1 hour' RETURNING 1");
        await servers.QueryAsync<object>($"UPDATE {_schema}.job_runners SET until = now() - interval '1 hour' RETURNING 1");

        await using (var looking = new Rig(servers.Postgres.ConnectionString, _schema, new JobStreamOptions(), new JobOptions(), _words))
        {
            Assert.Null(await looking.Queue.FindAsync("me", marked.Version)); // it broke off
            Assert.Equal(3, (await looking.Queue.FindAsync("me", 3))?.Version);
        }

        await using var next = await StartAsync();

        StreamJob[] jobs = [await next.NextAsync(), await next.NextAsync()];
        Assert.Equal([(marked.Version, true), (3, false)], jobs.OrderBy(job => job.Version).Select(job => (job.Version, job.MayHaveStored)));
        Assert.Equal(2L, await CountAsync());
    }

    [Fact]
    public async Task Post_DatabaseAway_IsRefusedAndTakenWhenItIsBack()
    {
        await using var proxy = new TcpProxy(servers.Postgres.Port);
        await using var one = await StartAsync(connection: $"Host=127.0.0.1;Port={proxy.Port};Username=fairway;Database=postgres;SSL Mode=Disable");

        proxy.Cut();
        await Assert.ThrowsAsync<QueueAwayException>(() => one.Queue.EnqueueAsync(one.Queue.TryAdmit()!, Job(1)));
        await Eventually.True(() => !one.Queue.IsUp, Soon);
        Assert.Throws<QueueAwayException>(() => one.Queue.TryAdmit());
        Assert.False(one.Queue.Offer("me", 1));

        proxy.Mend();
        await Eventually.True(() => one.Queue.IsUp, Soon);
        await one.EnqueueAsync(2);
        Assert.Equal(2, (await one.NextAsync()).Version);
    }

    [Fact]
    public async Task Complete_DatabaseAway_ComesAgainWithItsMarkAndIsCompletedThen()
    {
        await using var proxy = new TcpProxy(servers.Postgres.Port);
        await using var one = await StartAsync(
            connection: $"Host=127.0.0.1;Port={proxy.Port};Username=fairway;Database=postgres;SSL Mode=Disable", jobs: new JobOptions { MaxConcurrent = 1 });
        await one.EnqueueAsync(1);
        var job = await one.NextAsync();
        await one.Queue.MarkFirstFrameAsync(job);

        proxy.Cut();
        await Assert.ThrowsAsync<HistoryAwayException>(() => one.Queue.CompleteAsync(job));
        proxy.Mend();

        var again = await one.NextAsync();
        Assert.Equal((1, 2, true), (again.Version, again.Attempt, again.MayHaveStored));
        await one.Queue.CompleteAsync(again);
        Assert.Equal(0L, await CountAsync());
    }

    private static string Text(StreamJob job) => Encoding.UTF8.GetString(job.Request.Memory.Span);

    private static StreamJob Job(long version, string? label = null) =>
        new("me", version, "main", 1, StreamBytes.From(Encoding.UTF8.GetBytes($"request {version}")), MayHaveStored: false, label);

    /// <summary>The next job of either.</summary>
    private static async Task<(Rig Rig, StreamJob Job)> AnyAsync(params Rig[] rigs)
    {
        using var found = new CancellationTokenSource(Soon);
        var next = rigs.Select(async rig => (rig, await rig.Queue.DequeueAsync(found.Token))).ToArray();
        var first = await await Task.WhenAny(next);
        await found.CancelAsync();
        return first;
    }

    private Task<long> CountAsync() => servers.QueryAsync<long>($"SELECT count(*) FROM {_schema}.jobs");

    private async Task<Rig> StartAsync(JobOptions? jobs = null, Action<JobStreamOptions>? configure = null, string? connection = null)
    {
        var options = new JobStreamOptions { LeaseSeconds = 2, WaitSeconds = 1 };
        configure?.Invoke(options);
        var rig = new Rig(connection ?? servers.Postgres.ConnectionString, _schema, options, jobs ?? new JobOptions(), _words);
        await rig.Queue.StartAsync(CancellationToken.None);
        Assert.True(rig.Queue.IsUp);
        return rig;
    }

    private sealed class Rig : IAsyncDisposable
    {
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        private readonly PostgresStore _store;

        public Rig(string connection, string schema, JobStreamOptions options, JobOptions jobs, IJobStream words)
        {
            _store = new PostgresStore(
                Options.Create(new PostgresOptions { ConnectionString = connection, Schema = schema, CommandSeconds = 2, ConnectSeconds = 2 }),
                ActivatorUtilities.CreateInstance<PostgresMetrics>(_services), TimeProvider.System, NullLogger<PostgresStore>.Instance);
            Queue = new SharedJobQueue(
                _store, words, new PostgresLedger(_store, TimeProvider.System), options, Options.Create(jobs), Options.Create(new StreamOptions()),
                ActivatorUtilities.CreateInstance<SharedJobMetrics>(_services), TimeProvider.System, new Lifetime(), NullLogger<SharedJobQueue>.Instance);
        }

        public SharedJobQueue Queue { get; }

        /// <summary>Whether no job comes, for longer than a waiting one is left.</summary>
        public async Task<bool> IsSilentAsync()
        {
            using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                await Queue.DequeueAsync(brief.Token);
                return false;
            }
            catch (OperationCanceledException)
            {
                return true;
            }
        }

        public Task EnqueueAsync(params long[] versions) => EnqueueAsync(null, versions);

        public Task EnqueueAsync(long version, string? label) => EnqueueAsync(label, version);

        public async Task<StreamJob> NextAsync()
        {
            using var limit = new CancellationTokenSource(Soon);
            return await Queue.DequeueAsync(limit.Token);
        }

        /// <summary>Gives it back, and tells its attempt.</summary>
        public async Task<int> ReturnAsync(StreamJob job)
        {
            await Queue.AbandonAsync(job);
            return job.Attempt;
        }

        public async ValueTask DisposeAsync()
        {
            await Queue.DisposeAsync();
            _store.Dispose();
            await _services.DisposeAsync();
        }

        private async Task EnqueueAsync(string? label, params long[] versions)
        {
            foreach (var version in versions)
            {
                await Queue.EnqueueAsync(Queue.TryAdmit()!, Job(version, label));
            }
        }
    }

    /// <summary>Offers what it is told to one after the other, as a stream's grain does.</summary>
    private sealed class Words : IJobStream
    {
        private readonly Lock _gate = new();
        private readonly List<IJobTaker> _takers = [];
        private int _next;
        private int _told;

        public bool IsSilent { get; set; }

        public int Times { get; set; } = 1;

        public int Told => Volatile.Read(ref _told);

        public Task TellAsync(string user, long version)
        {
            Interlocked.Increment(ref _told);
            lock (_gate)
            {
                for (var time = 0; !IsSilent && time < Times; time++)
                {
                    for (var i = 0; i < _takers.Count && !_takers[_next++ % _takers.Count].Offer(user, version); i++)
                    {
                    }
                }
            }

            return Task.CompletedTask;
        }

        public Task AttachAsync(IJobTaker taker)
        {
            lock (_gate)
            {
                if (!_takers.Contains(taker))
                {
                    _takers.Add(taker);
                }
            }

            return Task.CompletedTask;
        }

        public Task DetachAsync() => Task.CompletedTask;
    }
}
