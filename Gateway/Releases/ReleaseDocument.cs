using System.Collections.Immutable;
using Fairway.Core.Releases;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Releases;

/// <summary>A release as it is shown.</summary>
/// <param name="Strategy"><c>blue-green</c> or <c>half</c>.</param>
/// <param name="Phase"><c>emptying starting verifying ramping replacing promoting freeing done rollingBack rolledBack</c>.</param>
/// <param name="Ratio">Users of 10,000 on the new version.</param>
/// <param name="Old">Ids of the instances that were there at the start.</param>
public sealed record ReleaseDocument(
    string Service, string Version, string Lane, string Strategy, string Phase, bool Paused, string? Reason, int Ratio, ImmutableArray<int> Ramp,
    int OldUsable, int NewUsable, ImmutableArray<string> Old, DateTimeOffset StartedAt, DateTimeOffset Since, string Author, string BegunFor)
{
    public static ReleaseDocument Of(ReleaseRecord record, ReleaseFleet fleet)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(fleet);
        var (state, plan) = (record.State, record.State.Plan);
        var old = state.Old.Select(target => target.Id).ToHashSet(StringComparer.Ordinal);
        var isBase = state.Phase is ReleasePhase.Promoting or ReleasePhase.Freeing or ReleasePhase.Done;
        return new ReleaseDocument(
            plan.Service, plan.Version, plan.Lane, plan.Strategy == ReleaseStrategy.Half ? "half" : "blue-green",
            System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(state.Phase.ToString()), state.IsPaused, state.Reason, state.Ratio, plan.Ramp,
            fleet.Base.Count(member => member.IsUsable && (!isBase || old.Contains(member.Id))),
            fleet.Lane.Count(member => member.IsUsable) + fleet.Base.Count(member => isBase && member.IsUsable && !old.Contains(member.Id)),
            [.. state.Old.Select(target => target.Id)], state.StartedAt, state.Since, record.Author, record.BegunFor);
    }
}

/// <summary>All releases, running and over, the last of each service.</summary>
public sealed record ReleasesDocument(IReadOnlyList<ReleaseDocument> Releases);

/// <summary>A release as posted; see docs/releases.md.</summary>
public sealed record ReleasePostDocument(
    string Version, string? Lane, string? Strategy, int[]? Ramp, double? StepSeconds, double? StartSeconds, double? DrainSeconds, bool? Verify, string? OnBreach,
    ReleaseBounds? Bounds, string Author, string Reason);

/// <summary>Who says it, and why.</summary>
public sealed record ReleaseWordDocument(string Author, string Reason);
