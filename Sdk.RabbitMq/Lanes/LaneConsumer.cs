using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>
/// Consumes a topic as one group of a service. It processes what is stamped for its group and acknowledges the rest unprocessed. A failed
/// message is tried again after a delay, and given up into the group's dead letters; both keep its label. Base also looks after
/// the groups of its service's lanes, see <see cref="LaneCare"/>. While its instance is offline it takes nothing and finishes what it holds.
/// </summary>
public sealed class LaneConsumer : IAsyncDisposable
{
    private static readonly TimeSpan TakesCheckedEvery = TimeSpan.FromMilliseconds(20);

    private readonly LaneConsumerOptions _options;
    private readonly ILaneViews _views;
    private readonly BrokerContext _context;
    private readonly LaneQueueMetrics _metrics;
    private readonly Group _group;
    private readonly StampReader _stamps;
    private readonly GroupWatch _watch;
    private readonly LaneCare _care;
    private readonly LaneHandling _handling;
    private readonly LaneBatches? _batches;
    private readonly CancellationTokenSource _stop = new();
    private readonly BrokerConsumer _own;
    private readonly ConfirmedPublisher _publisher;
    private Task _running = Task.CompletedTask;
    private volatile bool _isDraining;

    /// <param name="handle">One message; its label is current meanwhile. What it throws has the message tried again.</param>
    /// <exception cref="ArgumentException">An option cannot work.</exception>
    public LaneConsumer(
        LaneConsumerOptions options, ILaneViews views, BrokerContext context, LaneQueueMetrics metrics, Func<LaneMessage, CancellationToken, Task> handle)
        : this(options, views, context, metrics, LaneHandling.OneByOne(handle))
    {
    }

    /// <param name="handle">
    /// A batch; no label is current, see <see cref="LaneMessage.Use"/>. Messages it fails by <see cref="LaneMessage.Fail"/>, or all where it throws,
    /// are tried again.
    /// </param>
    /// <exception cref="ArgumentException">An option cannot work.</exception>
    public LaneConsumer(
        LaneConsumerOptions options, ILaneViews views, BrokerContext context, LaneQueueMetrics metrics,
        Func<IReadOnlyList<LaneMessage>, CancellationToken, Task> handle)
    {
        options.Check();
        (_options, _views, _context, _metrics) = (options, views, context, metrics);
        _group = new Group(options.Topic, options.Service, options.Lane);
        _stamps = new StampReader(options.Service);
        _watch = new GroupWatch(options.AlarmBacklog, metrics, context.Logger);
        _care = new LaneCare(_group, views, options.StandInAfter, new LaneCareActions(DeclareAsync, _watch.ConsumersAsync, Consumer), context);
        _publisher = new ConfirmedPublisher(context, $"{_group.Queue}.publish", (_, _) => Task.CompletedTask);
        _handling = new LaneHandling(options, _group, handle, new LaneRetries(options, _publisher, metrics, context.Logger), metrics, context.Time);
        _batches = options.BatchSize > 1 ? new LaneBatches(options, _handling, () => IsOffline, context.Time) : null;
        _own = Consumer(_group);
    }

    /// <summary>Whether the broker can be consumed from and published to.</summary>
    public bool IsUp => _own.IsUp && _publisher.IsUp;

    /// <summary>Whether messages come in: not while the instance is offline or drains.</summary>
    public bool Takes => _own.Takes;

    /// <summary>Lanes whose messages this process takes in their stead.</summary>
    public IReadOnlyCollection<string> StandsInFor => _care.StandsInFor;

    private bool IsOffline => _isDraining || (_options.Address?.Invoke() is { } own && _views.Current.Offline.Contains(own));

    /// <summary>Begins to connect and consume; returns at once.</summary>
    public void Start()
    {
        _publisher.Start();
        _own.Start();
        _running = Task.WhenAll(LookAsync(), _batches?.RunAsync(_stop.Token) ?? Task.CompletedTask);
    }

    /// <summary>Takes no more messages for good, gives back what no handler has begun, and returns when none runs.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        _isDraining = true;
        _own.Pause(true);
        await _care.StandBackAsync();
        while (_own.Takes && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(TakesCheckedEvery, _context.Time, cancellationToken);
        }

        await _handling.IdleAsync(cancellationToken);
    }

    /// <summary>Takes no more messages, waits for running handlers, and gives the rest back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await Task.WhenAll(_running, _handling.IdleAsync(CancellationToken.None)).WaitAsync(_options.Drain, _context.Time);
        }
        catch (TimeoutException)
        {
            // what still runs is cancelled
        }

        await _handling.DisposeAsync();
        await _care.DisposeAsync();
        await _own.DisposeAsync();
        await _publisher.DisposeAsync();
        _metrics.Gone(_group);
    }

    private BrokerConsumer Consumer(Group group)
    {
        BrokerConsumer consumer = null!;
        return consumer = new BrokerConsumer(
            _context, group == _group ? group.Queue : $"{group.Queue}.stand-in", group.Queue, (ushort)_options.Prefetch,
            (connection, token) => DeclareAsync(connection, group, token),
            delivery => TakeAsync(group, consumer, delivery), properties => IsOurs(group, properties),
            (ushort)(_options.Concurrency + 1)); // one over, that gives back what waits when this is paused
    }

    private Task DeclareAsync(IConnection connection, Group group, CancellationToken cancellationToken) =>
        connection.DeclareGroupAsync(group, _context.Logger, cancellationToken);

    /// <summary>One message is processed where it comes in; batches are put together by workers.</summary>
    private async Task TakeAsync(Group group, BrokerConsumer consumer, BrokerDelivery delivery)
    {
        var message = new LaneMessage(delivery, group, LaneMessage.ReadLabel(delivery));
        if (_batches is not null)
        {
            _batches.Add(message);
            return;
        }

        try
        {
            await _handling.EnterAsync(consumer.Taking); // those who stand in share the places
        }
        catch (OperationCanceledException)
        {
            await delivery.ReturnAsync(requeue: true); // sent before a pause: others may have it at once
            return;
        }

        try
        {
            // what comes while this stops is given back when the link closes
            if (!_stop.IsCancellationRequested && !await _handling.DeferAsync(message))
            {
                await _handling.ProcessAsync([message]);
            }
        }
        finally
        {
            _handling.Leave();
        }
    }

    private bool IsOurs(Group group, IReadOnlyBasicProperties properties)
    {
        if (_stamps.LaneOf(properties) == group.Lane)
        {
            return true;
        }

        _metrics.Delivered(group, "passed");
        return false;
    }

    private async Task LookAsync()
    {
        try
        {
            while (true)
            {
                var changed = _views.ChangedAsync(_stop.Token);
                var isOffline = IsOffline;
                _own.Pause(isOffline);
                if (isOffline)
                {
                    await _care.StandBackAsync();
                }

                if (_publisher.Connection is { } connection)
                {
                    await LookAsync(connection, isOffline);
                }

                await Task.WhenAny(changed, Task.Delay(_options.LookEvery, _context.Time, _stop.Token));
                _stop.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }

    private async Task LookAsync(IConnection connection, bool isOffline)
    {
        try
        {
            await _watch.SeeAsync(connection, _group, _stop.Token);
            await _views.RememberAsync(_group, _stop.Token);
            if (_options.Lane is null && !isOffline)
            {
                await _care.LookAsync(connection, _stop.Token);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            _context.Logger.NotLooked(_group.Queue, failure.Message); // the link is about to say that the broker is away
        }
    }
}
