using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>Sends messages that were not processed to their next place: later to their group, or to its dead letters.</summary>
internal sealed class LaneRetries(LaneConsumerOptions options, ConfirmedPublisher publisher, LaneQueueMetrics metrics, ILogger logger)
{
    private const int MaxReason = 500;

    private readonly OncePerConnection _declared = new();

    /// <summary>Puts it where it waits for its next attempt, or to the dead letters.</summary>
    public async Task FailAsync(LaneMessage message, Exception failure)
    {
        logger.MessageFailed(message.Id, message.Group.Queue, message.Attempt, failure);
        if (message.Attempt >= options.MaxAttempts)
        {
            var why = $"{failure.GetType().Name}: {failure.Message}";
            var letter = message.Again((MessageHeaders.Error, why.Length > MaxReason ? why[..MaxReason] : why));
            await SendAsync(message, "dead", () => publisher.PublishAsync("", message.Group.DeadLetters, letter, message.Body));
        }
        else
        {
            var delay = options.RetryDelays[Math.Min(message.Attempt, options.RetryDelays.Count) - 1];
            await SendAsync(message, "retried", () => WaitAsync(message, delay, message.Again((MessageHeaders.Attempts, message.Attempt))));
        }
    }

    /// <summary>It waits a little for another instance of its group; no attempt is counted.</summary>
    public Task DeferAsync(LaneMessage message) =>
        SendAsync(message, "deferred", () => WaitAsync(message, options.RetryDelays[0], message.Again()));

    /// <summary>Sends it to its next place, and only then takes it out of the group.</summary>
    private async Task SendAsync(LaneMessage message, string result, Func<Task> send)
    {
        try
        {
            await send();
            metrics.Delivered(message.Group, result);
            await message.Delivery.AcknowledgeAsync();
        }
        catch (Exception away) when (away is BrokerAwayException or BrokerRefusedException)
        {
            await message.Delivery.ReturnAsync(requeue: true); // at once, but not lost
        }
    }

    private async Task WaitAsync(LaneMessage message, TimeSpan delay, BasicProperties properties)
    {
        var queue = message.Group.RetryQueue(delay);
        await _declared.EnsureAsync(
            publisher.Connection, queue, connection => connection.DeclareRetryAsync(message.Group, delay, logger, CancellationToken.None));
        await publisher.PublishAsync("", queue, properties, message.Body);
    }
}
