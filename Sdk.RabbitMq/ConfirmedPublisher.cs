using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fairway.Sdk.RabbitMq;

/// <summary>Publishes on a link of its own, so that a broker that holds publishers back does not hold consumers' acknowledgements back.</summary>
public sealed class ConfirmedPublisher : IAsyncDisposable
{
    private const int MaxOutstanding = 4096;

    private readonly BrokerContext _context;
    private readonly Func<IConnection, CancellationToken, Task> _declare;
    private readonly BrokerLink _link;
    private volatile IChannel? _channel;
    private volatile IConnection? _connection;

    /// <param name="declare">Declares what is published to, once a connection.</param>
    public ConfirmedPublisher(BrokerContext context, string name, Func<IConnection, CancellationToken, Task> declare)
    {
        (_context, _declare) = (context, declare);
        _link = new BrokerLink(context, name, SessionAsync);
    }

    /// <summary>Whether a message can be sent now.</summary>
    public bool IsUp => _channel is { IsOpen: true };

    /// <summary>The connection, for declaring what is published to; null while the broker is away.</summary>
    public IConnection? Connection => _connection;

    /// <summary>Begins to connect; returns at once.</summary>
    public void Start() => _link.Start();

    /// <summary>Sends a message; the broker has it, on its disks where the queue is durable, when this returns.</summary>
    /// <param name="mandatory">Refused where no queue is bound for it.</param>
    /// <exception cref="BrokerAwayException">It is not known to have it.</exception>
    /// <exception cref="BrokerRefusedException">It does not take it.</exception>
    public async Task PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, bool mandatory = true,
        CancellationToken cancellationToken = default)
    {
        if (_channel is not { IsOpen: true } channel)
        {
            _context.Metrics.Published(_link.Name, "away");
            throw new BrokerAwayException(mayHaveArrived: false);
        }

        var began = _context.Time.GetTimestamp();
        try
        {
            // Only the wait is given up: a publish cancelled half-way would take its channel with it.
            await channel.BasicPublishAsync(exchange, routingKey, mandatory, properties, body, CancellationToken.None).AsTask()
                .WaitAsync(TimeSpan.FromSeconds(_context.Options.ConfirmSeconds), _context.Time, cancellationToken);
            _context.Metrics.Confirmed(_link.Name, _context.Time.GetElapsedTime(began));
        }
        catch (PublishException refused)
        {
            _context.Metrics.Published(_link.Name, "refused");
            throw new BrokerRefusedException(refused.IsReturn, refused);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _context.Metrics.Published(_link.Name, "away");
            throw new BrokerAwayException(mayHaveArrived: true, failure);
        }
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private async Task SessionAsync(IConnection connection, CancellationToken lost)
    {
        await _declare(connection, lost);
        var limiter = new ThrottlingRateLimiter(MaxOutstanding);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, limiter), lost);
        var closed = channel.WhenClosed();
        (_connection, _channel) = (connection, channel);
        try
        {
            await closed.WaitAsync(lost);
        }
        finally
        {
            (_connection, _channel) = (null, null);
        }
    }
}
