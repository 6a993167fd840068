using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Fairway.Core.Lanes;

/// <summary>
/// What a publisher writes on a message for all consuming services at once: the <see cref="MessageStamp"/> of each, by naming those whose
/// group in the label's lane is to process it. Base processes it for all others.
/// </summary>
/// <param name="Table">The version of the lane table that decided.</param>
/// <param name="Lane">The lane of the label; null where base processes it for everybody.</param>
/// <param name="Services">Consuming services that the lane declares, in order.</param>
public sealed record TopicStamp(string Table, string? Lane, ImmutableArray<string> Services)
{
    private const char Part = ';';
    private const char Item = ',';

    /// <summary>Decides for one label.</summary>
    /// <param name="declared">All services that the label's lane declares; the table is asked for each.</param>
    public static TopicStamp Of(string topic, string? label, IEnumerable<string> declared, LaneTable lanes)
    {
        ArgumentNullException.ThrowIfNull(declared);
        ArgumentNullException.ThrowIfNull(lanes);
        var services = declared.Where(service => MessageStamp.Of(topic, service, label, lanes).Lane is not null)
            .Order(StringComparer.Ordinal).ToImmutableArray();
        return new TopicStamp(lanes.Version, services.IsEmpty ? null : label, services);
    }

    /// <summary>The lane whose group of a service processes the message; null is base.</summary>
    public string? LaneFor(string service) => Lane is not null && Services.BinarySearch(service, StringComparer.Ordinal) >= 0 ? Lane : null;

    /// <summary><c>{table};{lane};{service},{service}</c>, the last two empty for base.</summary>
    public string Write() => $"{Table}{Part}{Lane}{Part}{string.Join(Item, Services)}";

    /// <summary>False where the text is no stamp. A message without any is base's.</summary>
    public static bool TryRead(string? text, [NotNullWhen(true)] out TopicStamp? stamp)
    {
        stamp = null;
        if (text?.Split(Part) is not [{ Length: > 0 } table, var lane, var services])
        {
            return false;
        }

        var names = services.Length == 0 ? [] : services.Split(Item).Order(StringComparer.Ordinal).ToImmutableArray();
        if ((lane.Length == 0) != names.IsEmpty || (lane.Length > 0 && !Label.IsValid(lane)))
        {
            return false;
        }

        stamp = new TopicStamp(table, lane.Length == 0 ? null : lane, names);
        return true;
    }

    public bool Equals(TopicStamp? other) => other is not null && Write() == other.Write();

    public override int GetHashCode() => Write().GetHashCode(StringComparison.Ordinal);
}
