namespace Fairway.Core.Lanes;

/// <summary>
/// Which one group of a consuming service is to process a message. Every group gets every message; the publisher stamps one, the
/// others acknowledge it unprocessed.
/// </summary>
/// <param name="Group">The group that processes it, see <see cref="GroupOf"/>.</param>
/// <param name="Lane">The lane whose group that is; null is base.</param>
/// <param name="Label">The label the message carries on; null for none.</param>
/// <param name="OnConsumerDown"><c>park</c>: the message waits in its group while nobody of it lives; <c>base</c>: base takes it then.</param>
/// <param name="Table">The version of the lane table it was stamped by.</param>
public readonly record struct MessageStamp(string Group, string? Lane, string? Label, string OnConsumerDown, string Table)
{
    /// <summary>Messages wait in their group.</summary>
    public const string Park = "park";

    /// <summary>Base takes messages whose group has no live consumer.</summary>
    public const string Base = "base";

    /// <summary>Base for no label or where the lane does not declare that consumer, else the lane's group.</summary>
    /// <param name="topic">The topic that is published to.</param>
    /// <param name="consumer">The consuming service.</param>
    /// <param name="label">The lane the publisher's request carries; null for none.</param>
    /// <param name="lanes">The lane table, whose version is stamped too.</param>
    public static MessageStamp Of(string topic, string consumer, string? label, LaneTable lanes)
    {
        ArgumentNullException.ThrowIfNull(lanes);
        return label is not null && lanes.TryGetDeclaration(label, consumer, out var declaration)
            ? new MessageStamp(GroupOf(topic, label), label, label, declaration.OnConsumerDown, lanes.Version)
            : new MessageStamp(GroupOf(topic, null), null, label, Park, lanes.Version);
    }

    /// <summary><c>GID_{topic}</c> for base, <c>GID_{lane}_{topic}</c> for a lane; kept apart per consuming service by whoever names queues.</summary>
    public static string GroupOf(string topic, string? lane) => lane is null ? $"GID_{topic}" : $"GID_{lane}_{topic}";
}
