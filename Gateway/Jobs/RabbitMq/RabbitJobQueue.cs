using System.Threading.Channels;
using Fairway.GrainInterfaces.Streams;
using Fairway.Sdk.RabbitMq;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>
/// Jobs in a quorum queue that any number of Gateways share. The broker has a job before its post is answered, and keeps it until its
/// worker is done; what the broker cannot know of it, the first stored frame and idempotency keys, stands in the ledger.
/// </summary>
internal sealed class RabbitJobQueue : IJobQueue, IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LedgerRetry = TimeSpan.FromMilliseconds(250);

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
    private readonly QueueDepth _depth = new();
    private Task _polling = Task.CompletedTask;

    public RabbitJobQueue(
        IOptions<RabbitJobOptions> options, IOptions<JobOptions> jobs, IJobLedger ledger, BrokerMetrics broker, RabbitJobMetrics metrics, TimeProvider time,
        IHostApplicationLifetime lifetime, ILogger<RabbitJobQueue> logger)
    {
        (_options, _ledger, _metrics, _time, _logger, _stopping) = (options.Value, ledger, metrics, time, logger, lifetime.ApplicationStopping);
        _capacity = jobs.Value.QueueLength;
        metrics.Watch(() => IsUp);
        var context = new BrokerContext(_options, broker, time, logger);
        _publisher = new ConfirmedPublisher(context, "jobs.publish", DeclareAsync);
        _consumer = new BrokerConsumer(
            context, "jobs.consume", _options.Queue, (ushort)Math.Min(jobs.Value.MaxConcurrent, ushort.MaxValue), DeclareAsync, TakeAsync);
    }

    public TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(1);

    public TimeSpan CatchUp { get; } = TimeSpan.FromSeconds(10);

    public int Waiting => _depth.Waiting;

    /// <summary>Whether jobs can be put in, and come out.</summary>
    internal bool IsUp => _publisher.IsUp && _consumer.IsUp;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _publisher.Start();
        _consumer.Start();
        _polling = Task.Run(PollAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask; // the worker still completes jobs; see DisposeAsync

    public JobSlot? TryAdmit()
    {
        if (!_publisher.IsUp)
        {
            throw new QueueAwayException();
        }

        var slot = new JobSlot(_depth.Released);
        if (_depth.Admitted() <= _capacity)
        {
            return slot;
        }

        slot.Dispose();
        return null;
    }

    public async Task EnqueueAsync(JobSlot slot, StreamJob job, IdempotencyReservation? reservation = null)
    {
        using (slot)
        using (reservation)
        {
            try
            {
                await _publisher.PublishAsync("", _options.Queue, new BasicProperties { Persistent = true }, JobMessage.Encode(job));
            }
            catch (Exception failure) when (failure is BrokerAwayException or BrokerRefusedException)
            {
                throw new QueueAwayException(failure);
            }

            _depth.Published();
            if (reservation is not null)
            {
                await _ledger.SettleAsync(reservation, job.Version);
            }
        }
    }

    public async ValueTask<StreamJob> DequeueAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var held = await _ready.Reader.ReadAsync(cancellationToken);
            _depth.Dequeued();
            if (_held.DropIfVoid(held))
            {
                continue;
            }

            if (held.WasReturned && !held.IsMarked)
            {
                held.IsMarked = await AskAsync(() => _ledger.HasFirstFrameAsync(held.Job.User, held.Job.Version), cancellationToken);
            }

            return held.ToRun();
        }
    }

    public async Task MarkFirstFrameAsync(StreamJob job, CancellationToken cancellationToken = default)
    {
        if (_held.Find(job) is { IsMarked: false } held)
        {
            await AskAsync(
                async () =>
                {
                    await _ledger.MarkFirstFrameAsync(job.User, job.Version);
                    return true;
                },
                cancellationToken);
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
        await _polling;
        await _consumer.DisposeAsync();
        await _publisher.DisposeAsync();
    }

    private async Task DeclareAsync(IConnection connection, CancellationToken cancellationToken)
    {
        var dead = $"{_options.Queue}.dead";
        await connection.DeclareQuorumQueueAsync(dead, new Dictionary<string, object?>(), _logger, cancellationToken);
        await connection.DeclareQuorumQueueAsync(
            _options.Queue,
            new Dictionary<string, object?>
            {
                ["x-delivery-limit"] = _options.DeliveryLimit,
                ["x-dead-letter-exchange"] = "",
                ["x-dead-letter-routing-key"] = dead,
                ["x-dead-letter-strategy"] = "at-least-once",
                ["x-overflow"] = "reject-publish", // what at-least-once asks for
            },
            _logger,
            cancellationToken);
    }

    private async Task TakeAsync(BrokerDelivery delivery)
    {
        if (!JobMessage.TryDecode(delivery.Body, out var job))
        {
            _logger.Malformed(_options.Queue);
            _metrics.Dead("malformed");
            await delivery.ReturnAsync(requeue: false);
            return;
        }

        _depth.Delivered();
        var (fate, held) = _held.Take(job, delivery);
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
        _depth.Readied();
        _ready.Writer.TryWrite(held);
    }

    /// <summary>A job that is here already waits for a ledger that is away; its user's time limits run on.</summary>
    private async Task<bool> AskAsync(Func<Task<bool>> ask, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (HistoryAwayException away)
            {
                _logger.LedgerAway(away);
                await Task.Delay(LedgerRetry, _time, cancellationToken);
            }
        }
    }

    private async Task PollAsync()
    {
        try
        {
            while (true)
            {
                var before = _depth.Snapshot();
                if (await _consumer.DepthAsync(_end.Token) is { } found)
                {
                    _depth.Found(found.Waiting, before);
                }

                await Task.Delay(PollInterval, _time, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }
}
