using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Fairway.Sdk.RabbitMq;

/// <summary>Consumes one queue on a link of its own, with manual acknowledgement.</summary>
public sealed class BrokerConsumer : IAsyncDisposable
{
    private readonly BrokerContext _context;
    private readonly string _queue;
    private readonly ushort _prefetch;
    private readonly ushort _concurrency;
    private readonly Func<IConnection, CancellationToken, Task> _declare;
    private readonly Func<BrokerDelivery, Task> _handle;
    private readonly Func<IReadOnlyBasicProperties, bool>? _isOurs;
    private readonly BrokerLink _link;
    private readonly Lock _gate = new();
    private TaskCompletionSource _turned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IChannel? _channel;
    private volatile bool _isWanted = true;
    private volatile CancellationTokenSource? _taking;
    private int _inHand;

    /// <param name="prefetch">Deliveries that may be under way at once.</param>
    /// <param name="declare">Declares the queue, once a connection.</param>
    /// <param name="handle">What it throws gives the delivery back.</param>
    /// <param name="concurrency">Deliveries that are handled at once.</param>
    /// <param name="isOurs">False: the delivery is acknowledged without being looked at further.</param>
    public BrokerConsumer(
        BrokerContext context, string name, string queue, ushort prefetch, Func<IConnection, CancellationToken, Task> declare,
        Func<BrokerDelivery, Task> handle, Func<IReadOnlyBasicProperties, bool>? isOurs = null, ushort concurrency = 1)
    {
        (_context, _queue, _prefetch, _declare, _handle, _isOurs, _concurrency) = (context, queue, prefetch, declare, handle, isOurs, concurrency);
        _link = new BrokerLink(context, name, SessionAsync);
    }

    /// <summary>Whether the queue can be consumed, paused or not.</summary>
    public bool IsUp => _channel is { IsOpen: true };

    /// <summary>Whether the broker sends deliveries here. Those it sent before a pause may still come in.</summary>
    public bool Takes => _taking is not null;

    /// <summary>Cancelled when the broker sends nothing here: what was not begun is better given back.</summary>
    public CancellationToken Taking => _taking?.Token ?? new CancellationToken(canceled: true);

    /// <summary>Deliveries that are being handled.</summary>
    public int InHand => Volatile.Read(ref _inHand);

    /// <summary>Begins to connect; returns at once.</summary>
    public void Start() => _link.Start();

    /// <summary>Has the broker send no more, or send again. What was sent before is settled as ever, and the queue stays declared.</summary>
    public void Pause(bool paused)
    {
        TaskCompletionSource turned;
        lock (_gate)
        {
            if (_isWanted == !paused)
            {
                return;
            }

            _isWanted = !paused;
            turned = _turned;
            _turned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        turned.SetResult();
    }

    /// <summary>Messages that nobody took yet, and who consumes; null while the broker is away.</summary>
    public async Task<(uint Waiting, uint Consumers)?> DepthAsync(CancellationToken cancellationToken = default)
    {
        if (_channel is not { IsOpen: true } channel)
        {
            return null;
        }

        try
        {
            var found = await channel.QueueDeclarePassiveAsync(_queue, cancellationToken);
            return (found.MessageCount, found.ConsumerCount);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return null;
        }
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private async Task SessionAsync(IConnection connection, CancellationToken lost)
    {
        await _declare(connection, lost);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(false, false, consumerDispatchConcurrency: _concurrency), lost);
        var closed = channel.WhenClosed();
        await channel.BasicQosAsync(0, _prefetch, global: false, lost);
        _channel = channel;
        try
        {
            while (true)
            {
                var (isWanted, turned) = Wanted();
                var ended = isWanted ? await ConsumeAsync(channel, closed, turned, lost) : await Task.WhenAny(closed, turned).WaitAsync(lost);
                if (ended != turned)
                {
                    await ended;
                    return;
                }
            }
        }
        finally
        {
            _channel = null;
            Rest();
        }
    }

    private (bool IsWanted, Task Turned) Wanted()
    {
        lock (_gate)
        {
            return (_isWanted, _turned.Task);
        }
    }

    /// <summary>Consumes until the channel closes, the queue is gone, or it is paused. Returns which.</summary>
    private async Task<Task> ConsumeAsync(IChannel channel, Task closed, Task turned, CancellationToken lost)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, received) => HandleAsync(channel, received);
        consumer.UnregisteredAsync += (_, _) =>
        {
            cancelled.TrySetResult(); // the queue is gone: declare it again
            return Task.CompletedTask;
        };
        _taking = new CancellationTokenSource(); // the first delivery may come before the answer
        var tag = await channel.BasicConsumeAsync(_queue, autoAck: false, consumer, lost);
        var ended = await Task.WhenAny(closed, cancelled.Task, turned).WaitAsync(lost);
        if (ended == turned)
        {
            await channel.BasicCancelAsync(tag, noWait: false, lost);
        }

        Rest();
        return ended;
    }

    private void Rest() => Interlocked.Exchange(ref _taking, null)?.Cancel();

    private Task HandleAsync(IChannel channel, BasicDeliverEventArgs received) => _isOurs?.Invoke(received.BasicProperties) == false
        ? channel.BasicAckAsync(received.DeliveryTag, multiple: false).AsTask()
        : TakeAsync(channel, received);

    private async Task TakeAsync(IChannel channel, BasicDeliverEventArgs received)
    {
        var delivery = new BrokerDelivery(
            channel, received.DeliveryTag, received.Redelivered, received.RoutingKey, received.BasicProperties, received.Body.ToArray());
        Interlocked.Increment(ref _inHand);
        try
        {
            await _handle(delivery);
        }
        catch (Exception failure)
        {
            _context.Logger.HandlerFailed(_link.Name, failure);
            await delivery.ReturnAsync(requeue: true);
        }
        finally
        {
            Interlocked.Decrement(ref _inHand);
        }
    }
}
