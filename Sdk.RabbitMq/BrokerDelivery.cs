using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fairway.Sdk.RabbitMq;

/// <summary>A message that the broker handed out and waits to hear of.</summary>
public sealed class BrokerDelivery
{
    /// <summary>RabbitMQ 3 counts all returns in the first; 4 counts those by a lost connection in the second alone.</summary>
    private static readonly string[] ReturnCounts = ["x-delivery-count", "x-acquired-count"];

    private readonly IChannel _channel;
    private readonly ulong _tag;

    internal BrokerDelivery(IChannel channel, ulong tag, bool isRedelivered, string routingKey, IReadOnlyBasicProperties properties, byte[] body)
    {
        (_channel, _tag, IsRedelivered, RoutingKey, Properties, Body) = (channel, tag, isRedelivered, routingKey, properties, body);
    }

    public byte[] Body { get; }

    public string RoutingKey { get; }

    public IReadOnlyBasicProperties Properties { get; }

    public bool IsRedelivered { get; }

    /// <summary>How often the message was handed out before and came back; a quorum queue counts that.</summary>
    public int Returns => ReturnCounts.Max(name =>
        Properties.Headers?.TryGetValue(name, out var count) == true ? Convert.ToInt32(count) : IsRedelivered ? 1 : 0);

    /// <summary>Whether the broker still waits to hear of it here. Not: it hands the message out again.</summary>
    public bool IsLive => _channel.IsOpen;

    /// <summary>It is done. False: it will be handed out again.</summary>
    public Task<bool> AcknowledgeAsync() => SettleAsync(() => _channel.BasicAckAsync(_tag, multiple: false));

    /// <summary>It is not done: to the queue again, or to its dead letters.</summary>
    public Task<bool> ReturnAsync(bool requeue) => SettleAsync(() => _channel.BasicNackAsync(_tag, multiple: false, requeue));

    public string? Header(string name) => Header(Properties, name) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    internal static byte[]? Header(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers?.TryGetValue(name, out var value) == true ? value as byte[] : null;

    private static async Task<bool> SettleAsync(Func<ValueTask> settle)
    {
        try
        {
            await settle();
            return true;
        }
        catch (Exception failure) when (failure is AlreadyClosedException or OperationInterruptedException or ObjectDisposedException or IOException)
        {
            return false;
        }
    }
}
