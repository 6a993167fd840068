using System.Collections.Immutable;

namespace Fairway.Core.Lanes;

/// <summary>A decision told to people, step by step.</summary>
public static class RouteWords
{
    /// <summary>One line a step: what the entry assigned, the label, the lanes that were looked at, what that comes to, and by which table.</summary>
    public static ImmutableArray<string> Why(
        LaneDecision decision, GreyAssignment? entry, ImmutableArray<string> offline, LanePools pools, LaneTable lanes)
    {
        ArgumentNullException.ThrowIfNull(pools);
        ArgumentNullException.ThrowIfNull(lanes);
        List<string> why = [];
        if (entry is { } assigned)
        {
            why.Add($"entry rule: {Describe(assigned.Reason)}");
        }

        if (decision.Label is { } label)
        {
            why.Add(decision.IsLabelUnknown ? $"label {label} names no living lane: routed as undeclared" : $"label {label}");
            why.Add(Count(label, pools.Of(label), offline));
        }

        why.Add(decision.Rule switch
        {
            RouteRule.Base => "no label: base only",
            RouteRule.Declared => decision.IsRoute ? $"declared in {decision.Label}" : $"declared in {decision.Label}: nobody may serve, and never base",
            RouteRule.Live => $"not declared in {decision.Label}, but a live instance is there",
            _ => $"not declared in {decision.Label} and no live instance there: base",
        });
        if (decision.Rule is RouteRule.Base or RouteRule.Undeclared)
        {
            why.Add(pools.IsEmpty ? "nobody registered the service" : Count("base", pools.Base, offline));
        }

        why.AddRange(Table(lanes));
        return [.. why];
    }

    /// <summary>One line for a header or a log: <c>label=blue; rule=declared; lane=blue; candidates=2; table=1a-7</c>, and <c>code=</c> where it is no route.</summary>
    public static string Line(LaneDecision decision) => string.Concat(
        $"label={decision.Label ?? "none"}; rule={NameOf(decision.Rule)}; ",
        decision.IsRoute ? $"lane={decision.Lane ?? "base"}" : $"code={decision.Code}",
        $"; candidates={decision.Usable}; table={decision.Table}");

    /// <summary>The rule as it is spelled to other programs.</summary>
    public static string NameOf(RouteRule rule) => rule switch
    {
        RouteRule.Base => "base",
        RouteRule.Declared => "declared",
        RouteRule.Live => "live",
        RouteRule.Undeclared => "undeclared",
        _ => "bad-label",
    };

    internal static IEnumerable<string> Table(LaneTable lanes) => [$"lane table {lanes.Version}"];

    private static string Count(string lane, LanePool? pool, ImmutableArray<string> offline)
    {
        var usable = pool?.CountWithout(offline) ?? 0;
        var away = (pool?.Offline ?? 0) + (pool?.Instances.Length ?? 0) - usable;
        return $"{lane}: {usable} of {pool?.Total ?? 0} may serve"
            + (away == 0 ? "" : $", {away} offline")
            + (pool is { IsPanicked: true } ? ", panic: ejected ones are back" : "");
    }

    private static string Describe(GreyReason reason) => reason switch
    {
        GreyReason.Kill => "the kill switch is on: base",
        GreyReason.Label => "a trusted label stands",
        GreyReason.Whitelist => "the user is on the whitelist",
        GreyReason.Region => "the region matches",
        GreyReason.Ratio => "the user's bucket is below the ratio",
        _ => "nothing matches: base",
    };
}
