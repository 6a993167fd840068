using Fairway.Core.Time;

namespace Fairway.Core.Directory;

/// <summary>
/// When a snapshot is news: at once when an instance, a state, the policy or a panic changed; when only weights
/// moved, if one moved by enough and the last publication is some time ago.
/// </summary>
internal static class PublishRule
{
    public static bool ShouldPublish(ServiceSnapshot? previous, ServiceSnapshot next, Moment now, ServiceModelOptions options)
    {
        if (previous is null
            || previous.Instances.Length != next.Instances.Length
            || previous.Policy != next.Policy
            || !previous.PanickedLanes.AsSpan().SequenceEqual(next.PanickedLanes.AsSpan()))
        {
            return true;
        }

        var moved = false;
        var before = default(Dictionary<string, InstanceView>);
        for (var i = 0; i < next.Instances.Length; i++)
        {
            var view = next.Instances[i];
            var old = previous.Instances[i];
            if (!string.Equals(old.Id, view.Id, StringComparison.Ordinal))
            {
                before ??= previous.Instances.ToDictionary(instance => instance.Id, StringComparer.Ordinal);
                if (!before.TryGetValue(view.Id, out old))
                {
                    return true;
                }
            }

            if (!IsSame(old, view))
            {
                return true;
            }

            moved |= Math.Abs(view.Weight - old.Weight) > options.PublishThreshold * old.Weight;
        }

        // A wall clock that was set back must not silence the service.
        var since = now.Utc - previous.GeneratedAt;
        return moved && (since >= options.PublishInterval || since < TimeSpan.Zero);
    }

    /// <summary>
    /// Whether <paramref name="next"/> is worth sending though it is no news: readers who look see its figures, those who wait for
    /// another version sleep on. Not more often than <see cref="ServiceModelOptions.PublishInterval"/>.
    /// </summary>
    public static bool HasNewFigures(ServiceSnapshot published, ServiceSnapshot next, Moment now, ServiceModelOptions options)
    {
        var since = now.Utc - published.GeneratedAt;
        if (since < options.PublishInterval && since >= TimeSpan.Zero)
        {
            return false;
        }

        for (var i = 0; i < next.Instances.Length; i++)
        {
            var (old, view) = (published.Instances[i], next.Instances[i]);
            if (old.Id != view.Id || old with { AgeMs = view.AgeMs, Weight = view.Weight } != view)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>All but weight, figures and age; a first sample counts, for it turns "unknown" into figures.</summary>
    private static bool IsSame(InstanceView a, InstanceView b) =>
        a.State == b.State
        && a.IsStale == b.IsStale
        && a.AgeMs.HasValue == b.AgeMs.HasValue
        && string.Equals(a.Address, b.Address, StringComparison.Ordinal)
        && string.Equals(a.Protocol, b.Protocol, StringComparison.Ordinal)
        && string.Equals(a.Zone, b.Zone, StringComparison.Ordinal)
        && string.Equals(a.Lane, b.Lane, StringComparison.Ordinal)
        && string.Equals(a.Version, b.Version, StringComparison.Ordinal);
}
