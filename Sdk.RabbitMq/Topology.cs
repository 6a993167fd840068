using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fairway.Sdk.RabbitMq;

/// <summary>Declaring queues and exchanges, which several processes do at once and again at each connection.</summary>
public static class Topology
{
    private const ushort PreconditionFailed = 406;

    /// <summary>Completes with the reason when the channel closes.</summary>
    public static Task WhenClosed(this IChannel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            closed.TrySetException(new OperationInterruptedException(reason));
            return Task.CompletedTask;
        };
        _ = closed.Task.ContinueWith(
            static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return closed.Task;
    }

    /// <summary>
    /// A durable quorum queue. One that exists with other settings is used as it is, with a warning: they can only be changed by
    /// deleting it, which is for an operator to decide.
    /// </summary>
    /// <param name="connection">A refusal closes its channel, so one is opened for the purpose.</param>
    public static async Task DeclareQuorumQueueAsync(
        this IConnection connection, string queue, IReadOnlyDictionary<string, object?> arguments, ILogger logger, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var all = new Dictionary<string, object?>(arguments, StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, all, cancellationToken: cancellationToken);
        }
        catch (OperationInterruptedException other) when (other.ShutdownReason?.ReplyCode == PreconditionFailed)
        {
            logger.DeclaredOtherwise(queue, other.ShutdownReason.ReplyText);
        }
    }
}
