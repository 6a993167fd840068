using System.Data.Common;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Sdk.Registration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.RabbitMq.Outbox;

/// <summary>
/// Publishes what stands in an outbox, each message under the label it was written with, and removes it once the broker has it. A message may be
/// published twice, under one id, where a relay dies in between; several relays may share a table.
/// </summary>
public sealed class OutboxRelay(
    OutboxTable table, DbDataSource database, LanePublisher publisher, TimeProvider time, ILogger<OutboxRelay> logger, TimeSpan? poll = null) : BackgroundService
{
    private const int BatchSize = 100;

    private readonly TimeSpan _poll = poll ?? TimeSpan.FromMilliseconds(200);

    /// <summary>Publishes the oldest messages; returns how many.</summary>
    /// <exception cref="BrokerAwayException">Nothing was removed that is not published.</exception>
    public async Task<int> RelayAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var messages = await table.TakeAsync(transaction, BatchSize, cancellationToken);
        if (messages.Count == 0)
        {
            return 0;
        }

        using (LaneContext.Use(Core.Lanes.Label.None)) // this process's own context is nobody's
        {
            // All are sent before the first confirm is waited for: their order is that of the table, and it takes one round trip.
            await Task.WhenAll(messages.Select(message => publisher.PublishAsync(
                message.Topic, message.Body, new LaneMessageOptions { Id = message.MessageId, ContentType = message.ContentType, Label = message.Label }, cancellationToken)));
        }

        await table.RemoveAsync(transaction, messages.Select(message => message.Id), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return messages.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var backoff = new Backoff();
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = _poll;
            try
            {
                wait = await RelayAsync(stoppingToken) > 0 ? TimeSpan.Zero : _poll;
                backoff.Reset();
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                wait = backoff.Next();
                logger.NotRelayed(failure.Message, wait);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, stoppingToken).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }
}
