using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>One group of a consuming service on a topic, and the names that belong to it on the broker.</summary>
/// <param name="Lane">Null is base.</param>
public sealed record Group(string Topic, string Service, string? Lane)
{
    /// <summary>As in CONTRACTS: <c>GID_{topic}</c> or <c>GID_{lane}_{topic}</c>.</summary>
    public string Name => MessageStamp.GroupOf(Topic, Lane);

    /// <summary>The group's queue. Topic and service stand before the name because names may have underscores of their own.</summary>
    public string Queue => $"{Topic}/{Service}/{Name}";

    /// <summary>Where what was given up goes.</summary>
    public string DeadLetters => $"{Queue}/dead";

    /// <summary>Where a message waits before it is tried again.</summary>
    public string RetryQueue(TimeSpan delay) => $"{Queue}/retry-{(long)delay.TotalMilliseconds}ms";

    /// <exception cref="ArgumentException">A name is malformed, or the broker keeps it to itself.</exception>
    internal void Check()
    {
        CheckTopic(Topic);
        if (!Names.IsValid(Service))
        {
            throw new ArgumentException($"'{Service}' is no service name.");
        }

        if (Lane is not null && !Label.IsValid(Lane))
        {
            throw new ArgumentException($"'{Lane}' is no lane.");
        }
    }

    internal static bool IsTopic(string topic) =>
        Names.IsValid(topic) && topic.Length <= 60 && !topic.StartsWith("amq.", StringComparison.Ordinal);

    internal static void CheckTopic(string topic)
    {
        if (!IsTopic(topic))
        {
            throw new ArgumentException($"'{topic}' is no topic: 1-60 of A-Za-z0-9._-, not beginning with 'amq.'.");
        }
    }
}

/// <summary>Headers of a message; labels have their own, see <see cref="LabelHeaders"/>.</summary>
public static class MessageHeaders
{
    /// <summary>A <see cref="TopicStamp"/>.</summary>
    public const string Stamp = "x-fairway-stamp";

    /// <summary>Attempts that failed; absent for none.</summary>
    public const string Attempts = "x-fairway-attempts";

    /// <summary>On a dead letter: why it was given up.</summary>
    public const string Error = "x-fairway-error";
}
