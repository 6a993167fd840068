using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>A message that is this group's to process.</summary>
public sealed class LaneMessage
{
    internal LaneMessage(BrokerDelivery delivery, Group group, Label label)
    {
        (Delivery, Group, Label) = (delivery, group, label);
        Attempt = (delivery.Properties.Headers?.TryGetValue(MessageHeaders.Attempts, out var failed) == true ? Convert.ToInt32(failed) : 0) + 1;
    }

    public string Topic => Group.Topic;

    /// <summary>The group it was stamped for; base where it stands in for a lane, too.</summary>
    public Group Group { get; }

    /// <summary>The label of who published it.</summary>
    public Label Label { get; }

    /// <summary>The same over retries, dead letters and redrive.</summary>
    public string Id => Delivery.Properties.MessageId ?? "";

    public string? ContentType => Delivery.Properties.ContentType;

    public ReadOnlyMemory<byte> Body => Delivery.Body;

    /// <summary>1 for the first.</summary>
    public int Attempt { get; }

    /// <summary>Whether it was handed out before, perhaps to somebody who died of it; what was done then may be done.</summary>
    public bool IsRedelivered => Delivery.IsRedelivered;

    internal BrokerDelivery Delivery { get; }

    internal Exception? Failure { get; private set; }

    public string? Header(string name) => Delivery.Header(name);

    /// <summary>In a batch: until disposed, this message's label is current.</summary>
    public LaneContext.Scope Use() => LaneContext.Use(Label);

    /// <summary>In a batch: this one failed and is tried again; the others are done.</summary>
    public void Fail(Exception reason) => Failure = reason;

    internal static Label ReadLabel(BrokerDelivery delivery) => LabelReader.TryParse(
        delivery.Header(LabelHeaders.FlowType), delivery.Header(LabelHeaders.Stress), delivery.Header(LabelHeaders.Offline), out var label, out _)
        ? label
        : Label.None;

    internal static void WriteLabel(Label label, IDictionary<string, object?> headers)
    {
        if (label.Lane is { } lane)
        {
            headers[LabelHeaders.FlowType] = lane;
        }

        if (label.Stress)
        {
            headers[LabelHeaders.Stress] = "1";
        }

        if (!label.Offline.IsEmpty)
        {
            headers[LabelHeaders.Offline] = label.OfflineText;
        }
    }

    /// <summary>The message's properties with other headers, to be published again.</summary>
    internal BasicProperties Again(params (string Name, object? Value)[] headers)
    {
        var properties = new BasicProperties(Delivery.Properties) { Persistent = true };
        var all = Delivery.Properties.Headers is { } own ? new Dictionary<string, object?>(own) : [];
        foreach (var name in all.Keys.Where(name => name is "x-death" or "x-delivery-count" or "x-acquired-count" || name.StartsWith("x-first-death", StringComparison.Ordinal)).ToList())
        {
            all.Remove(name);
        }

        foreach (var (name, value) in headers)
        {
            if (value is null)
            {
                all.Remove(name);
            }
            else
            {
                all[name] = value;
            }
        }

        properties.Headers = all;
        return properties;
    }
}
