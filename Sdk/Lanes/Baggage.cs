using Fairway.Core.Lanes;

namespace Fairway.Sdk.Lanes;

/// <summary>The members of W3C baggage (w3.org/TR/baggage) that are copies of a label: written for others to see, never read.</summary>
internal static class Baggage
{
    /// <summary>Everything in the header but our members; null where nothing is left.</summary>
    public static string? Without(string? baggage)
    {
        if (string.IsNullOrEmpty(baggage))
        {
            return null;
        }

        var kept = baggage.Split(',').Where(member => !IsOurs(member)).Select(member => member.Trim()).Where(member => member.Length > 0);
        return string.Join(',', kept) is { Length: > 0 } text ? text : null;
    }

    /// <summary>The header with our members last; null where there is nothing to say.</summary>
    /// <param name="others">A value of <see cref="Without"/>.</param>
    public static string? With(string? others, Label label)
    {
        var ours = label.Lane is { } lane
            ? label.Stress ? $"{LabelHeaders.LaneMember}={lane},{LabelHeaders.StressMember}=1" : $"{LabelHeaders.LaneMember}={lane}"
            : label.Stress ? $"{LabelHeaders.StressMember}=1" : null;
        return others is null ? ours : ours is null ? others : $"{others},{ours}";
    }

    /// <summary>Whether a key or a member <c>key=value;properties</c> is one of ours.</summary>
    public static bool IsOurs(string member)
    {
        var end = member.AsSpan().IndexOfAny('=', ';');
        var key = (end < 0 ? member : member.AsSpan(0, end)).Trim();
        return key.SequenceEqual(LabelHeaders.LaneMember) || key.SequenceEqual(LabelHeaders.StressMember);
    }
}
