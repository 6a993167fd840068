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
    private volatile IChannel? _channel;

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

    /// <summary>Whether deliveries come in.</summary>
    public bool IsUp => _channel is { IsOpen: true };

    /// <summary>Begins to connect; returns at once.</summary>
    public void Start() => _link.Start();

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
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await channel.BasicQosAsync(0, _prefetch, global: false, lost);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, received) => HandleAsync(channel, received);
        consumer.UnregisteredAsync += (_, _) =>
        {
            cancelled.TrySetResult(); // the queue is gone: declare it again
            return Task.CompletedTask;
        };
        _channel = channel;
        try
        {
            await channel.BasicConsumeAsync(_queue, autoAck: false, consumer, lost);
            await (await Task.WhenAny(closed, cancelled.Task).WaitAsync(lost));
        }
        finally
        {
            _channel = null;
        }
    }

    private Task HandleAsync(IChannel channel, BasicDeliverEventArgs received) => _isOurs?.Invoke(received.BasicProperties) == false
        ? channel.BasicAckAsync(received.DeliveryTag, multiple: false).AsTask()
        : TakeAsync(channel, received);

    private async Task TakeAsync(IChannel channel, BasicDeliverEventArgs received)
    {
        var delivery = new BrokerDelivery(
            channel, received.DeliveryTag, received.Redelivered, received.RoutingKey, received.BasicProperties, received.Body.ToArray());
        try
        {
            await _handle(delivery);
        }
        catch (Exception failure)
        {
            _context.Logger.HandlerFailed(_link.Name, failure);
            await delivery.ReturnAsync(requeue: true);
        }
    }
}
