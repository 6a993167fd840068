using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>
/// Consumes a topic as one group of a service. It processes what is stamped for its group and acknowledges the rest unprocessed. A failed
/// message is tried again after a delay, and given up into the group's dead letters; both keep its label. Base also looks after
/// the groups of its service's lanes: it makes them as soon as they are declared, and takes over what <see cref="StandIns"/> says.
/// </summary>
public sealed class LaneConsumer : IAsyncDisposable
{
    private readonly LaneConsumerOptions _options;
    private readonly ILaneViews _views;
    private readonly BrokerContext _context;
    private readonly LaneQueueMetrics _metrics;
    private readonly Func<IReadOnlyList<LaneMessage>, CancellationToken, Task> _handle;
    private readonly Group _group;
    private readonly Channel<LaneMessage> _messages = Channel.CreateUnbounded<LaneMessage>();
    private readonly ConcurrentDictionary<string, BrokerConsumer> _standIns = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(IConnection Connection, string Queue), Task> _declared = new();
    private readonly StandIns _rule;
    private readonly SemaphoreSlim _slots;
    private readonly HashSet<string> _everDeclared = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly BrokerConsumer _own;
    private readonly ConfirmedPublisher _publisher;
    private Task _running = Task.CompletedTask;
    private volatile ReadStamp? _lastStamp;
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
        _rule = new StandIns(options.StandInAfter, context.Time);
        _publisher = new ConfirmedPublisher(context, $"{_group.Queue}.publish", (_, _) => Task.CompletedTask);
        _slots = new SemaphoreSlim(options.Concurrency);
        _own = Consumer(_group);
    }

    /// <summary>Whether deliveries come in.</summary>
    public bool IsUp => _own.IsUp && _publisher.IsUp;

    /// <summary>Lanes whose messages this process takes in their stead.</summary>
    public IReadOnlyCollection<string> StandsInFor => [.. _standIns.Keys];

    /// <summary>Begins to connect and consume; returns at once.</summary>
    public void Start()
    {
        _publisher.Start();
        _own.Start();
        var workers = _options.BatchSize == 1 ? 0 : _options.Concurrency;
        _running = Task.WhenAll([LookAsync(), .. Enumerable.Range(0, workers).Select(_ => Task.Run(WorkAsync))]);
    }

    /// <summary>Takes no more messages, waits for running handlers, and gives the rest back.</summary>
    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        await _stop.CancelAsync();
        _messages.Writer.TryComplete();
        try
        {
            await Task.WhenAll(_running, IdleAsync()).WaitAsync(_options.Drain, _context.Time);
        }
        catch (TimeoutException)
        {
            await _abort.CancelAsync();
        }

        foreach (var standIn in _standIns.Values)
        {
            await standIn.DisposeAsync();
        }

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

    private BrokerConsumer Consumer(Group group) => new(
        _context, group == _group ? group.Queue : $"{group.Queue}.stand-in", group.Queue, (ushort)_options.Prefetch,
        (connection, token) => connection.DeclareGroupAsync(group, _context.Logger, token),
        delivery => TakeAsync(group, delivery), properties => IsOurs(group, properties), (ushort)_options.Concurrency);

    /// <summary>One message is processed where it comes in; batches are put together by workers.</summary>
    private async Task TakeAsync(Group group, BrokerDelivery delivery)
    {
        var message = new LaneMessage(delivery, group, LaneMessage.ReadLabel(delivery));
        if (_options.BatchSize > 1)
        {
            _messages.Writer.TryWrite(message);
            return;
        }

        await _slots.WaitAsync(); // those who stand in share them
        try
        {
            if (!_isStopping) // what comes while this stops is given back when the link closes
            {
                await ProcessAsync([message]);
            }
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Returns when no message is being processed.</summary>
    private async Task IdleAsync()
    {
        for (var slot = 0; slot < _options.Concurrency; slot++)
        {
            await _slots.WaitAsync();
        }

        _slots.Release(_options.Concurrency);
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
            if (_isStopping || !_messages.Reader.TryRead(out var first))
            {
                continue;
            }

            batch.Add(first);
            if (_options.BatchSize > 1)
            {
                await FillAsync(batch);
            }

            await ProcessAsync(batch);
            batch.Clear();
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
                await FailAsync(message, failure);
            }
            else if (await message.Delivery.AcknowledgeAsync())
            {
                _metrics.Delivered(message.Group, "processed");
            }
        }
    }

    /// <summary>Puts it where it waits for its next attempt, or to the dead letters, and only then takes it out of the group.</summary>
    private async Task FailAsync(LaneMessage message, Exception failure)
    {
        if (_abort.IsCancellationRequested)
        {
            return; // not its fault
        }

        _context.Logger.MessageFailed(message.Id, message.Group.Queue, message.Attempt, failure);
        try
        {
            if (message.Attempt >= _options.MaxAttempts)
            {
                var why = $"{failure.GetType().Name}: {failure.Message}";
                await PublishAsync(message.Group.DeadLetters, message.Again((MessageHeaders.Error, why.Length > 500 ? why[..500] : why)), message.Body);
                _metrics.Delivered(message.Group, "dead");
            }
            else
            {
                var delay = _options.RetryDelays[Math.Min(message.Attempt, _options.RetryDelays.Count) - 1];
                await DeclareRetryAsync(message.Group, delay);
                await PublishAsync(message.Group.RetryQueue(delay), message.Again((MessageHeaders.Attempts, message.Attempt)), message.Body);
                _metrics.Delivered(message.Group, "retried");
            }

            await message.Delivery.AcknowledgeAsync();
        }
        catch (Exception away) when (away is BrokerAwayException or BrokerRefusedException)
        {
            await message.Delivery.ReturnAsync(requeue: true); // at once, but not lost
        }
    }

    private Task PublishAsync(string queue, BasicProperties properties, ReadOnlyMemory<byte> body) =>
        _publisher.PublishAsync("", queue, properties, body);

    private async Task DeclareRetryAsync(Group group, TimeSpan delay)
    {
        if (_publisher.Connection is not { } connection)
        {
            throw new BrokerAwayException(mayHaveArrived: false);
        }

        var key = (connection, group.RetryQueue(delay));
        try
        {
            await _declared.GetOrAdd(key, missing => missing.Connection.DeclareRetryAsync(group, delay, _context.Logger, CancellationToken.None));
        }
        catch (Exception failure)
        {
            _declared.TryRemove(key, out _);
            throw new BrokerAwayException(mayHaveArrived: false, failure);
        }
    }

    private async Task LookAsync()
    {
        try
        {
            while (true)
            {
                var changed = _views.ChangedAsync(_stop.Token);
                if (_publisher.Connection is { } connection)
                {
                    await LookAsync(connection);
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

    private async Task LookAsync(IConnection connection)
    {
        try
        {
            await SeeAsync(connection, _group);
            await _views.RememberAsync(_group, _stop.Token);
            if (_options.Lane is null)
            {
                await LookAfterLanesAsync(connection);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            _context.Logger.NotLooked(_group.Queue, failure.Message); // the link is about to say that the broker is away
        }
    }

    private async Task LookAfterLanesAsync(IConnection connection)
    {
        var view = _views.Current;
        var declared = view.LanesOf(_options.Service).ToDictionary(entry => entry.Lane, entry => entry.OnConsumerDown, StringComparer.Ordinal);
        foreach (var lane in declared.Keys)
        {
            if (!_everDeclared.Contains(lane))
            {
                await connection.DeclareGroupAsync(Of(lane), _context.Logger, _stop.Token);
                _everDeclared.Add(lane);
            }

            await _views.RememberAsync(Of(lane), _stop.Token);
        }

        _everDeclared.UnionWith(_views.LanesWithGroups(_options.Topic, _options.Service));

        var states = new Dictionary<string, LaneGroupState>(StringComparer.Ordinal);
        foreach (var lane in _everDeclared)
        {
            var isDeclared = declared.TryGetValue(lane, out var policy);
            if (await SeeAsync(connection, Of(lane)) is not { } figures)
            {
                continue; // an operator deleted it
            }

            var others = figures.Consumers - (_standIns.ContainsKey(lane) ? 1 : 0);
            states[lane] = new LaneGroupState(isDeclared, policy ?? MessageStamp.Park, view.LiveLanes.Contains(lane) || others > 0);
        }

        if (_rule.Update(states, view.IsStale))
        {
            await StandInAsync();
        }
    }

    private async Task StandInAsync()
    {
        foreach (var lane in _rule.Lanes.Where(lane => !_standIns.ContainsKey(lane)))
        {
            _context.Logger.StandsIn(_options.Service, _options.Topic, lane);
            var standIn = _standIns[lane] = Consumer(Of(lane));
            standIn.Start();
        }

        foreach (var lane in _standIns.Keys.Where(lane => !_rule.Lanes.Contains(lane)))
        {
            if (_standIns.TryRemove(lane, out var standIn))
            {
                _context.Logger.StandsBack(_options.Service, _options.Topic, lane);
                await standIn.DisposeAsync();
            }
        }
    }

    /// <summary>Looks at a group and raises or ends its alarm. Null where it does not exist.</summary>
    private async Task<GroupFigures?> SeeAsync(IConnection connection, Group group)
    {
        if (await connection.DepthAsync(group.Queue, _stop.Token) is not { } depth)
        {
            _metrics.Gone(group);
            return null;
        }

        var dead = await connection.DepthAsync(group.DeadLetters, _stop.Token);
        var alarm = depth.Waiting > 0 && depth.Consumers == 0 ? GroupAlarm.Parked
            : depth.Waiting > _options.AlarmBacklog ? GroupAlarm.Backlog : GroupAlarm.None;
        var figures = new GroupFigures(group, depth.Waiting, dead?.Waiting ?? 0, depth.Consumers, alarm);
        if (_metrics.Seen(figures) != alarm)
        {
            _context.Logger.Alarm(group.Queue, alarm, depth.Waiting, depth.Consumers);
        }

        return figures;
    }

    private Group Of(string lane) => _group with { Lane = lane };

    private sealed record ReadStamp(byte[] Bytes, string? Lane);
}
