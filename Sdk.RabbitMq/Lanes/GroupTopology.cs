using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>Declares topics and groups. A topic is a durable fanout exchange, a group a quorum queue bound to it with its dead letters beside it.</summary>
internal static class GroupTopology
{
    /// <summary>Deliveries of a message that its consumers do not survive.</summary>
    public const int DeliveryLimit = 20;

    private const ushort NotFound = 404;

    public static async Task DeclareTopicAsync(this IConnection connection, string topic, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.ExchangeDeclareAsync(topic, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
    }

    public static async Task DeclareGroupAsync(this IConnection connection, Group group, ILogger logger, CancellationToken cancellationToken)
    {
        await connection.DeclareTopicAsync(group.Topic, cancellationToken);
        await connection.DeclareQueuesAsync(group, DeliveryLimit, logger, cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.QueueBindAsync(group.Queue, group.Topic, "", cancellationToken: cancellationToken);
    }

    /// <summary>The group's queue and its dead letters, bound to no topic.</summary>
    public static async Task DeclareQueuesAsync(
        this IConnection connection, Group group, int deliveryLimit, ILogger logger, CancellationToken cancellationToken)
    {
        await connection.DeclareQuorumQueueAsync(group.DeadLetters, new Dictionary<string, object?>(), logger, cancellationToken);
        await connection.DeclareQuorumQueueAsync(
            group.Queue, Forwarding(group.DeadLetters, ("x-delivery-limit", deliveryLimit)), logger, cancellationToken);
    }

    /// <summary>A queue whose messages go back to the group when they have waited.</summary>
    public static Task DeclareRetryAsync(this IConnection connection, Group group, TimeSpan delay, ILogger logger, CancellationToken cancellationToken) =>
        connection.DeclareQuorumQueueAsync(
            group.RetryQueue(delay), Forwarding(group.Queue, ("x-message-ttl", (long)delay.TotalMilliseconds)), logger, cancellationToken);

    /// <summary>Messages that nobody took, and how many consume; null where the queue does not exist.</summary>
    public static async Task<(uint Waiting, uint Consumers)?> DepthAsync(this IConnection connection, string queue, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            var found = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
            return (found.MessageCount, found.ConsumerCount);
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == NotFound)
        {
            return null;
        }
    }

    // At least once needs a queue that refuses rather than drops; without a bound on its length it never does.
    private static Dictionary<string, object?> Forwarding(string to, (string Name, object Value) more) => new()
    {
        ["x-dead-letter-exchange"] = "",
        ["x-dead-letter-routing-key"] = to,
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
        [more.Name] = more.Value,
    };
}
