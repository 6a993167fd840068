using System.Text;
using System.Threading.Channels;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
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
    private readonly Func<IReadOnlyList<LaneMessage>, CancellationToken, Task> _handle;
    private readonly Group _group;
    private readonly Channel<LaneMessage> _messages = Channel.CreateUnbounded<LaneMessage>();
    private readonly LaneCare _care;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly BrokerConsumer _own;
    private readonly ConfirmedPublisher _publisher;
    private readonly LaneRetries _again;
    private Task _running = Task.CompletedTask;
    private volatile ReadStamp? _lastStamp;
    private volatile bool _isDraining;
    private volatile bool _isStopping;

    /// <param name="handle">One message; its label is current meanwhile. What it throws has the message tried again.</param>
    /// <exception cref="ArgumentException">An option cannot work.</exception>
    public LaneConsumer(
        LaneConsumerOptions options, ILaneViews views, BrokerContext context, LaneQueueMetrics metrics, Func<LaneMessage, CancellationToken, Task> handle)
        : this(options, views, context, metrics, One(handle))
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
        (_options, _views, _context, _metrics, _handle) = (options, views, context, metrics, handle);
        _group = new Group(options.Topic, options.Service, options.Lane);
        _care = new LaneCare(_group, views, options.StandInAfter, new LaneCareActions(DeclareAsync, ConsumersAsync, Consumer), context);
        _publisher = new ConfirmedPublisher(context, $"{_group.Queue}.publish", (_, _) => Task.CompletedTask);
        _again = new LaneRetries(options, _publisher, metrics, context.Logger);
        _slots = new SemaphoreSlim(options.Concurrency);
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
        var workers = _options.BatchSize == 1 ? 0 : _options.Concurrency;
        _running = Task.WhenAll([LookAsync(), .. Enumerable.Range(0, workers).Select(_ => Task.Run(WorkAsync))]);
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

        await IdleAsync(cancellationToken);
    }

    /// <summary>Takes no more messages, waits for running handlers, and gives the rest back.</summary>
    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        await _stop.CancelAsync();
        _messages.Writer.TryComplete();
        try
        {
            await Task.WhenAll(_running, IdleAsync(CancellationToken.None)).WaitAsync(_options.Drain, _context.Time);
        }
        catch (TimeoutException)
        {
            await _abort.CancelAsync();
        }

        await _care.DisposeAsync();
        await _own.DisposeAsync();
        await _publisher.DisposeAsync();
        _metrics.Gone(_group);
    }

    private static Func<IReadOnlyList<LaneMessage>, CancellationToken, Task> One(Func<LaneMessage, CancellationToken, Task> handle) =>
        async (messages, cancellationToken) =>
        {
            foreach (var message in messages)
            {
                using (message.Use())
                {
                    try
                    {
                        await handle(message, cancellationToken);
                    }
                    catch (Exception failure)
                    {
                        message.Fail(failure);
                    }
                }
            }
        };

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
        if (_options.BatchSize > 1)
        {
            _messages.Writer.TryWrite(message);
            return;
        }

        try
        {
            await _slots.WaitAsync(consumer.Taking); // those who stand in share them
        }
        catch (OperationCanceledException)
        {
            await delivery.ReturnAsync(requeue: true); // sent before a pause: others may have it at once
            return;
        }

        try
        {
            // what comes while this stops is given back when the link closes
            if (!_isStopping && !await DeferAsync(message))
            {
                await ProcessAsync([message]);
            }
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>
    /// A message whose label says that this very instance is going offline is for another one: it waits a little in its group,
    /// for which no attempt is counted.
    /// </summary>
    private async ValueTask<bool> DeferAsync(LaneMessage message)
    {
        if (message.Label.Offline.IsEmpty || _options.Address?.Invoke() is not { } own || !message.Label.Offline.Contains(own))
        {
            return false;
        }

        await _again.DeferAsync(message);
        return true;
    }

    /// <summary>Returns when no message is being processed.</summary>
    private async Task IdleAsync(CancellationToken cancellationToken)
    {
        var slots = 0;
        try
        {
            for (; slots < _options.Concurrency; slots++)
            {
                await _slots.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            _ = slots > 0 ? _slots.Release(slots) : 0;
        }
    }

    private bool IsOurs(Group group, IReadOnlyBasicProperties properties)
    {
        if (LaneFor(BrokerDelivery.Header(properties, MessageHeaders.Stamp)) == group.Lane)
        {
            return true;
        }

        _metrics.Delivered(group, "passed");
        return false;
    }

    /// <summary>The lane whose group processes it. Messages that come together mostly have one stamp.</summary>
    private string? LaneFor(byte[]? stamp)
    {
        if (stamp is null)
        {
            return null;
        }

        if (_lastStamp is not { } last || !last.Bytes.AsSpan().SequenceEqual(stamp))
        {
            _lastStamp = last = new ReadStamp(
                stamp, TopicStamp.TryRead(Encoding.UTF8.GetString(stamp), out var read) ? read.LaneFor(_options.Service) : null);
        }

        return last.Lane;
    }

    private async Task WorkAsync()
    {
        var batch = new List<LaneMessage>();
        while (!_isStopping && await _messages.Reader.WaitToReadAsync())
        {
            await _slots.WaitAsync();
            try
            {
                if (_isStopping || !_messages.Reader.TryRead(out var first))
                {
                    continue;
                }

                batch.Add(first);
                await FillAsync(batch);
                await ProcessBatchAsync(batch);
            }
            finally
            {
                batch.Clear();
                _slots.Release();
            }
        }
    }

    private async Task ProcessBatchAsync(List<LaneMessage> batch)
    {
        var ours = new List<LaneMessage>(batch.Count);
        foreach (var message in batch)
        {
            if (IsOffline)
            {
                await message.Delivery.ReturnAsync(requeue: true);
            }
            else if (!await DeferAsync(message))
            {
                ours.Add(message);
            }
        }

        if (ours.Count > 0)
        {
            await ProcessAsync(ours);
        }
    }

    private async Task FillAsync(List<LaneMessage> batch)
    {
        using var full = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var limit = _context.Time.CreateTimer(_ => full.Cancel(), null, _options.BatchWait, Timeout.InfiniteTimeSpan);
        await using (limit)
        {
            try
            {
                while (batch.Count < _options.BatchSize)
                {
                    batch.Add(await _messages.Reader.ReadAsync(full.Token));
                }
            }
            catch (Exception over) when (over is OperationCanceledException or ChannelClosedException)
            {
                // as full as it gets
            }
        }
    }

    private async Task ProcessAsync(IReadOnlyList<LaneMessage> batch)
    {
        var began = _context.Time.GetTimestamp();
        try
        {
            // Whatever label a message set is this call's own, and ends with it.
            using (LaneContext.Use(Label.None))
            {
                await _handle(batch, _abort.Token);
            }
        }
        catch (Exception failure)
        {
            foreach (var message in batch)
            {
                message.Fail(message.Failure ?? failure);
            }
        }

        _metrics.Handled(_group, _context.Time.GetElapsedTime(began));
        foreach (var message in batch)
        {
            if (message.Failure is { } failure)
            {
                if (!_abort.IsCancellationRequested) // else it is not its fault
                {
                    await _again.FailAsync(message, failure);
                }
            }
            else if (await message.Delivery.AcknowledgeAsync())
            {
                _metrics.Delivered(message.Group, "processed");
            }
        }
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
            await SeeAsync(connection, _group, _stop.Token);
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

    private async Task<long?> ConsumersAsync(IConnection connection, Group group, CancellationToken cancellationToken) =>
        (await SeeAsync(connection, group, cancellationToken))?.Consumers;

    /// <summary>Looks at a group and raises or ends its alarm. Null where it does not exist.</summary>
    private async Task<GroupFigures?> SeeAsync(IConnection connection, Group group, CancellationToken cancellationToken)
    {
        if (await connection.DepthAsync(group.Queue, cancellationToken) is not { } depth)
        {
            _metrics.Gone(group);
            return null;
        }

        var dead = await connection.DepthAsync(group.DeadLetters, cancellationToken);
        var alarm = depth.Waiting > 0 && depth.Consumers == 0 ? GroupAlarm.Parked
            : depth.Waiting > _options.AlarmBacklog ? GroupAlarm.Backlog : GroupAlarm.None;
        var figures = new GroupFigures(group, depth.Waiting, dead?.Waiting ?? 0, depth.Consumers, alarm);
        if (_metrics.Seen(figures) != alarm)
        {
            _context.Logger.Alarm(group.Queue, alarm, depth.Waiting, depth.Consumers);
        }

        return figures;
    }

    private sealed record ReadStamp(byte[] Bytes, string? Lane);
}
