using System.Text;
using Fairway.Core.Lanes;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>Reads the stamps of messages for one consuming service. Messages that come together mostly have one stamp, which is read once.</summary>
internal sealed class StampReader(string service)
{
    private volatile Stamp? _last;

    /// <summary>The lane whose group processes the message; null is base.</summary>
    public string? LaneOf(IReadOnlyBasicProperties properties)
    {
        if (BrokerDelivery.Header(properties, MessageHeaders.Stamp) is not { } bytes)
        {
            return null;
        }

        if (_last is not { } last || !last.Bytes.AsSpan().SequenceEqual(bytes))
        {
            _last = last = new Stamp(bytes, TopicStamp.TryRead(Encoding.UTF8.GetString(bytes), out var read) ? read.LaneFor(service) : null);
        }

        return last.Lane;
    }

    private sealed record Stamp(byte[] Bytes, string? Lane);
}
