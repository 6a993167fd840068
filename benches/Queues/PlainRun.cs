using Fairway.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Fairway.Queues;

/// <summary>The client library alone: a fanout exchange, as many quorum queues, confirms, and a consumer that acknowledges in each.</summary>
internal sealed class PlainRun : IAsyncDisposable
{
    private readonly List<IConnection> _connections = [];
    private readonly Countdown _processed = new();
    private readonly string _exchange;
    private IChannel _publisher = null!;

    private PlainRun(int lanes) => _exchange = $"plain-{lanes}";

    public static async Task<PlainRun> StartAsync(RabbitMqServer server, int lanes)
    {
        var run = new PlainRun(lanes);
        var factory = new ConnectionFactory { Uri = new Uri(server.Uri) };
        var publishing = await factory.CreateConnectionAsync();
        run._connections.Add(publishing);
        run._publisher = await publishing.CreateChannelAsync(new CreateChannelOptions(true, true, new ThrottlingRateLimiter(4096)));
        await run._publisher.ExchangeDeclareAsync(run._exchange, ExchangeType.Fanout, durable: true);
        for (var queue = 0; queue <= lanes; queue++)
        {
            var connection = await factory.CreateConnectionAsync();
            run._connections.Add(connection);
            await run.ConsumeAsync(connection, $"{run._exchange}-{queue}", counts: queue == 0);
        }

        return run;
    }

    public Task<double> MeasureAsync(int messages) => Sending.MeasureAsync(
        messages,
        body => _publisher.BasicPublishAsync(_exchange, "", mandatory: false, new BasicProperties { Persistent = true }, body).AsTask(),
        _processed);

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }

    private async Task ConsumeAsync(IConnection connection, string queue, bool counts)
    {
        var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await channel.QueueBindAsync(queue, _exchange, "");
        await channel.BasicQosAsync(0, Sending.Prefetch, global: false);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, received) =>
        {
            await channel.BasicAckAsync(received.DeliveryTag, multiple: false);
            if (counts)
            {
                _processed.Count();
            }
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
    }
}
