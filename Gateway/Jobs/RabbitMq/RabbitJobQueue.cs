using System.Threading.Channels;
using Fairway.Core.Lanes;
using Fairway.Gateway.Directory;
using Fairway.GrainInterfaces.Streams;
using Fairway.Sdk.RabbitMq;
using Fairway.Sdk.RabbitMq.Lanes;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>
/// Jobs in quorum queues that any number of Gateways share, one for base and one for each lane with workers of its own. The broker has a job before its post is answered, and keeps it until its
/// worker is done; what the broker cannot know of it, the first stored frame and idempotency keys, stands in the ledger.
/// </summary>
internal sealed class RabbitJobQueue : IJobQueue, IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly RabbitJobOptions _options;
    private readonly IJobLedger _ledger;
    private readonly RabbitJobMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<RabbitJobQueue> _logger;
    private readonly CancellationToken _stopping;
    private readonly CancellationTokenSource _end = new();
    private readonly int _capacity;
    private readonly ConfirmedPublisher _publisher;
    private readonly BrokerConsumer _consumer;
    private readonly HeldJobs _held = new();
    private readonly Channel<HeldJob> _ready = Channel.CreateUnbounded<HeldJob>();
    private readonly OncePerConnection _declared = new();
    private readonly JobGroups _groups;
    private readonly LaneCare _care;
    private readonly ILaneViews _views;
    private readonly GatewayAddress? _address;
    private Task _looking = Task.CompletedTask;

    public RabbitJobQueue(
        IOptions<RabbitJobOptions> options, IOptions<JobOptions> jobs, IJobLedger ledger, ILaneViews views, BrokerMetrics broker, RabbitJobMetrics metrics,
        TimeProvider time, IHostApplicationLifetime lifetime, ILogger<RabbitJobQueue> logger, GatewayAddress? address = null)
    {
        (_options, _ledger, _metrics, _time, _logger, _stopping) = (options.Value, ledger, metrics, time, logger, lifetime.ApplicationStopping);
        (_views, _address) = (views, address);
        _capacity = jobs.Value.QueueLength;
        metrics.Watch(() => IsUp);
        var context = new BrokerContext(_options, broker, time, logger);
        var prefetch = (ushort)Math.Min(jobs.Value.MaxConcurrent, ushort.MaxValue);
        _groups = new JobGroups(_options, views);
        _publisher = new ConfirmedPublisher(context, "jobs.publish", (connection, token) => DeclareAsync(connection, _groups.Base, token));
        _consumer = Consumer("jobs.consume", _groups.Own);
        _care = new LaneCare(
            _groups.Base, views, TimeSpan.FromSeconds(_options.StandInSeconds),
            new LaneCareActions(DeclareAsync, SeeAsync, group => Consumer($"jobs.consume.{group.Lane}", group)), context);

        BrokerConsumer Consumer(string name, Group group) => new(
            context, name, group.Queue, prefetch, (connection, token) => DeclareAsync(connection, group, token), delivery => TakeAsync(group, delivery));
    }

    public TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(1);

    public TimeSpan CatchUp { get; } = TimeSpan.FromSeconds(10);

    public int Waiting => _groups.Waiting;

    /// <summary>Whether jobs can be put in, and come out.</summary>
    internal bool IsUp => _publisher.IsUp && _consumer.IsUp;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _publisher.Start();
        _consumer.Start();
        _looking = Task.Run(LookAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask; // the worker still completes jobs; see DisposeAsync

    public JobSlot? TryAdmit(string? lane = null)
    {
        if (!_publisher.IsUp)
        {
            throw new QueueAwayException();
        }

        return _groups.DepthOf(_groups.Of(lane).Group).TryAdmit(_capacity);
    }

    public async Task EnqueueAsync(JobSlot slot, StreamJob job, IdempotencyReservation? reservation = null)
    {
        using (slot)
        using (reservation)
        {
            var label = LabelText.Read(job.Label);
            if (!await _groups.CanTellAsync(label.Lane, _time))
            {
                throw new QueueAwayException();
            }

            var (group, stamp) = _groups.Of(label.Lane);
            try
            {
                await EnsureAsync(group);
                await _publisher.PublishAsync("", group.Queue, JobMessage.Properties(label, stamp), JobMessage.Encode(job));
            }
            catch (Exception failure) when (failure is BrokerAwayException or BrokerRefusedException)
            {
                _declared.Forget(group.Queue);
                throw new QueueAwayException(failure);
            }

            _groups.DepthOf(group).Published();
            if (reservation is not null)
            {
                await _ledger.SettleAsync(reservation, job.Version);
            }
        }
    }

    /// <summary>Those that this process has; what the broker holds cannot be asked for.</summary>
    public ValueTask<StreamJob?> FindAsync(string user, long version) => new(_held.Find((user, version)) is { HasEnded: false } held ? held.Job : null);

    public async ValueTask<StreamJob> DequeueAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var held = await _ready.Reader.ReadAsync(cancellationToken);
            held.Depth.Dequeued();
            if (_held.DropIfVoid(held))
            {
                continue;
            }

            if (held.WasReturned && !held.IsMarked)
            {
                held.IsMarked = await LedgerCalls.AskAsync(
                    () => _ledger.HasFirstFrameAsync(held.Job.User, held.Job.Version), _time, _logger, cancellationToken);
            }

            return held.ToRun();
        }
    }

    public async Task MarkFirstFrameAsync(StreamJob job, CancellationToken cancellationToken = default)
    {
        if (_held.Find(job) is { IsMarked: false } held)
        {
            await LedgerCalls.AskAsync(
                async () =>
                {
                    await _ledger.MarkFirstFrameAsync(job.User, job.Version);
                    return true;
                },
                _time, _logger, cancellationToken);
            held.IsMarked = true;
        }
    }

    public Task CompleteAsync(StreamJob job) => _held.Find(job) is { } held ? _held.EndAsync(held) : Task.CompletedTask;

    public async Task AbandonAsync(StreamJob job)
    {
        if (_held.Find(job) is not { } held)
        {
            return;
        }

        if (_stopping.IsCancellationRequested || !held.Delivery.IsLive)
        {
            _held.Drop(held);
            await held.Delivery.ReturnAsync(requeue: true);
        }
        else if (held.Local >= Math.Min(_options.DeliveryLimit, HeldJob.AttemptsADelivery - 1))
        {
            _logger.GivenUp(job.Version, held.Local);
            _metrics.Dead("attempts");
            _held.Drop(held);
            await held.Delivery.ReturnAsync(requeue: false);
        }
        else
        {
            // Again here: to give it back would spend one of the deliveries that are for processes that die of it.
            held.Local++;
            Ready(held);
        }
    }

    public Task<IdempotencyResult> ReserveAsync(string user, string key, ReadOnlyMemory<byte> bodyHash, CancellationToken cancellationToken) =>
        _ledger.ReserveAsync(user, key, bodyHash, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_end.IsCancellationRequested)
        {
            return;
        }

        await _end.CancelAsync();
        await _looking;
        await _care.DisposeAsync();
        await _consumer.DisposeAsync();
        await _publisher.DisposeAsync();
    }

    private Task DeclareAsync(IConnection connection, Group group, CancellationToken cancellationToken) =>
        connection.DeclareQueuesAsync(group, _options.DeliveryLimit, _logger, cancellationToken);

    /// <summary>A lane gets its group with its first job, whether a worker of it ever ran.</summary>
    private async Task EnsureAsync(Group group)
    {
        if (group.Lane is not null)
        {
            await _declared.EnsureAsync(_publisher.Connection, group.Queue, async connection =>
            {
                await DeclareAsync(connection, group, CancellationToken.None);
                await _views.RememberAsync(group, CancellationToken.None); // where that fails, base remembers it when it sees the lane
            });
        }
    }

    private async Task TakeAsync(Group group, BrokerDelivery delivery)
    {
        if (!JobMessage.TryDecode(delivery, out var job))
        {
            _logger.Malformed(group.Queue);
            _metrics.Dead("malformed");
            await delivery.ReturnAsync(requeue: false);
            return;
        }

        var depth = _groups.DepthOf(group);
        depth.Delivered();
        var (fate, held) = _held.Take(job, delivery, depth);
        if (held.WasReturned || fate != DeliveryFate.Run)
        {
            _metrics.Redelivered(fate switch { DeliveryFate.Run => "run", DeliveryFate.Attached => "attached", _ => "done" });
        }

        if (fate == DeliveryFate.Run)
        {
            Ready(held);
        }
        else if (fate == DeliveryFate.Done)
        {
            await delivery.AcknowledgeAsync();
        }
    }

    private void Ready(HeldJob held)
    {
        held.Depth.Readied();
        _ready.Writer.TryWrite(held);
    }

    private async Task LookAsync()
    {
        try
        {
            while (true)
            {
                var changed = _views.ChangedAsync(_end.Token);
                var isOffline = _address?.Current is { } own && _views.Current.Offline.Contains(own);
                _consumer.Pause(isOffline); // what is here already runs
                if (isOffline)
                {
                    await _care.StandBackAsync();
                }

                await LookAsync(looksAfterLanes: _groups.LooksAfterLanes && !isOffline);
                await Task.WhenAny(changed, Task.Delay(LookEvery, _time, _end.Token));
                _end.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }

    private async Task LookAsync(bool looksAfterLanes)
    {
        if (_publisher.Connection is not { } connection)
        {
            return;
        }

        try
        {
            foreach (var (group, _) in _groups.Known)
            {
                await SeeAsync(connection, group, _end.Token);
            }

            if (looksAfterLanes)
            {
                await _care.LookAsync(connection, _end.Token);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !_end.IsCancellationRequested)
        {
            _logger.NotLooked(failure.Message); // the link is about to say that the broker is away
        }
    }

    /// <summary>Counts what waits in a group's queue. Returns how many consume it; null where it does not exist.</summary>
    private async Task<long?> SeeAsync(IConnection connection, Group group, CancellationToken cancellationToken)
    {
        var depth = _groups.DepthOf(group);
        var before = depth.Snapshot();
        if (await connection.DepthAsync(group.Queue, cancellationToken) is { } found)
        {
            depth.Found(found.Waiting, before);
            return found.Consumers;
        }

        _groups.Forget(group);
        return null;
    }
}
