using System.Collections.Immutable;
using System.Globalization;

namespace Fairway.Core.Releases;

/// <summary>When a release may go on. Pure.</summary>
public static class ReleaseRules
{
    /// <summary>Why <paramref name="left"/> instances cannot carry what the usual ones carry now; null where they can, or no load is known.</summary>
    /// <param name="carrying">The instances that carry the requests now.</param>
    /// <param name="left">How many of the same size remain.</param>
    public static string? CannotCarry(IReadOnlyCollection<ReleaseMember> carrying, int left, ReleaseBounds bounds)
    {
        ArgumentNullException.ThrowIfNull(bounds);
        if (left <= 0)
        {
            return "No instance would be left.";
        }

        var figures = ReleaseFigures.Of(carrying);
        if (figures.Cpu is not { } cpu)
        {
            return null;
        }

        // Those that report no load are taken to have that of the others.
        var each = cpu / figures.Sampled * carrying.Count(member => member.IsUsable) / left;
        return each > bounds.MaxCpu
            ? string.Create(CultureInfo.InvariantCulture, $"{left} instances would each have {each:0.00} of a processor to carry, over {bounds.MaxCpu:0.00}.")
            : null;
    }

    /// <summary>What of the new version leaves its bounds; null where nothing does.</summary>
    public static string? Breach(ReleaseFleet fleet, ReleaseBounds bounds)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        ArgumentNullException.ThrowIfNull(bounds);
        var fresh = ReleaseFigures.Of(fleet.Lane);
        if (fresh.Rps < bounds.MinRps)
        {
            return null;
        }

        var old = ReleaseFigures.Of(fleet.Base);
        if (fresh.ErrorRate is { } errors && errors > (old.ErrorRate ?? 0) + bounds.ErrorRateAbove)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{errors:P1} of the new version's requests fail, {old.ErrorRate ?? 0:P1} of the old one's.");
        }

        var limit = Math.Max(bounds.LatencyFloorMs, (old.LatencyMs ?? 0) * bounds.LatencyFactor);
        return fresh.LatencyMs is { } ms && old.LatencyMs is not null && ms > limit
            ? string.Create(CultureInfo.InvariantCulture, $"The new version takes {ms:0.#} ms, the old one {old.LatencyMs:0.#} ms.")
            : null;
    }

    /// <summary>What of a plan is not good, as (field, rule) pairs.</summary>
    public static IEnumerable<(string Field, string Rule)> Errors(ReleasePlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!IsRamp(plan.Ramp))
        {
            yield return ("ramp", "must rise from 1 or more to 10000, the last step");
        }

        if (plan.StepTime < TimeSpan.Zero || plan.StepTime > TimeSpan.FromDays(1))
        {
            yield return ("stepSeconds", "must be from 0 to 86400");
        }

        if (plan.StartTime <= TimeSpan.Zero || plan.StartTime > TimeSpan.FromDays(1))
        {
            yield return ("startSeconds", "must be over 0, up to 86400");
        }

        if (plan.DrainTime < TimeSpan.Zero || plan.DrainTime > TimeSpan.FromDays(1))
        {
            yield return ("drainSeconds", "must be from 0 to 86400");
        }
    }

    private static bool IsRamp(ImmutableArray<int> ramp) =>
        ramp is [_, ..] && ramp[0] > 0 && ramp[^1] == 10_000 && ramp.Zip(ramp.Skip(1)).All(pair => pair.First < pair.Second);
}
