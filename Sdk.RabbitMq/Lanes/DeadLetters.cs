using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>What a group gave up, for people to look at and to send back.</summary>
public static class DeadLetters
{
    /// <summary>Sends dead letters back to their group, oldest first, with their labels and all attempts anew.</summary>
    /// <param name="most">At most so many.</param>
    /// <returns>How many went back.</returns>
    public static async Task<int> RedriveAsync(IConnection connection, Group group, int most, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(group);
        group.Check();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), cancellationToken);
        var done = 0;
        while (done < most && await channel.BasicGetAsync(group.DeadLetters, autoAck: false, cancellationToken) is { } letter)
        {
            var delivery = new BrokerDelivery(channel, letter.DeliveryTag, letter.Redelivered, letter.RoutingKey, letter.BasicProperties, letter.Body.ToArray());
            var message = new LaneMessage(delivery, group, LaneMessage.ReadLabel(delivery));
            var properties = message.Again((MessageHeaders.Attempts, null), (MessageHeaders.Error, null));
            await channel.BasicPublishAsync("", group.Queue, mandatory: true, properties, message.Body, cancellationToken); // confirmed when it returns
            await delivery.AcknowledgeAsync();
            done++;
        }

        return done;
    }
}
