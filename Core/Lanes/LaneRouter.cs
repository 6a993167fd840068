using System.Collections.Immutable;

namespace Fairway.Core.Lanes;

/// <summary>
/// Where a request may go: no label, base only; a label whose lane declares the service, that lane only; else a
/// live instance of that lane, or base. Never another lane, never an offline address.
/// </summary>
public static class LaneRouter
{
    /// <summary>Decides for one request. O(1) in lanes and instances, O(32) in the addresses that go offline; allocates nothing.</summary>
    /// <param name="service">The called service's name.</param>
    /// <param name="label">The lane asked for, of a good form; null for none.</param>
    /// <param name="offline">Addresses the request knows to be going offline, each once.</param>
    /// <param name="pools">The service's instances, without those the router itself knows to be offline.</param>
    /// <param name="lanes">The environment list.</param>
    public static LaneDecision Decide(string service, string? label, ImmutableArray<string> offline, LanePools pools, LaneTable lanes)
    {
        ArgumentNullException.ThrowIfNull(pools);
        ArgumentNullException.ThrowIfNull(lanes);
        if (label is null)
        {
            return To(pools.Base, RouteRule.Base, RouteCodes.NoProvider, null, false, offline, lanes);
        }

        var (known, declared) = lanes.Find(label, service);
        var unknown = !known;
        var own = pools.Of(label);
        if (declared)
        {
            return To(own, RouteRule.Declared, RouteCodes.LaneServiceDown, label, unknown, offline, lanes);
        }

        return own is not null && own.CountWithout(offline) > 0
            ? To(own, RouteRule.Live, RouteCodes.NoProvider, label, unknown, offline, lanes)
            : To(pools.Base, RouteRule.Undeclared, RouteCodes.NoProvider, label, unknown, offline, lanes);
    }

    /// <summary>Decides for one request, the entry's grey rule included, and says why. Names nobody in <see cref="RouteDecision.Candidates"/> when it is no route.</summary>
    public static RouteDecision Route(RouteRequest request, LanePools pools, LaneTable lanes)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(lanes);
        var label = string.IsNullOrEmpty(request.Label) ? null : request.Label;
        if (label is not null && !Label.IsValid(label))
        {
            return new RouteDecision
            {
                Rule = RouteRule.BadLabel,
                Code = RouteCodes.LabelInvalid,
                Table = lanes.Version,
                Why = [$"the label is not 1-{Label.MaxLength} of A-Za-z0-9._-", .. RouteWords.Table(lanes)],
            };
        }

        GreyAssignment? entry = null;
        if (request.User is not null || request.Region is not null)
        {
            entry = EntryRule.Assign(lanes.GreyOf(request.Service), label, request.User, request.Region);
            label = entry.Value.Label;
        }

        var offline = request.Offline.IsDefault ? [] : request.Offline;
        var decision = Decide(request.Service, label, offline, pools, lanes);
        return new RouteDecision
        {
            Rule = decision.Rule,
            Code = decision.Code,
            Lane = decision.Lane,
            Label = decision.Label,
            IsLabelUnknown = decision.IsLabelUnknown,
            Candidates = decision.Pool is { } pool
                ? [.. pool.Instances.Where(instance => !offline.Contains(instance.Address)).Select(instance => instance.Id)]
                : [],
            Table = decision.Table,
            Why = RouteWords.Why(decision, entry, offline, pools, lanes),
        };
    }

    private static LaneDecision To(
        LanePool? pool, RouteRule rule, string codeIfNobody, string? label, bool unknown, ImmutableArray<string> offline, LaneTable lanes)
    {
        var usable = pool?.CountWithout(offline) ?? 0;
        return usable > 0
            ? new LaneDecision(rule, null, pool, usable, label, unknown, lanes.Version)
            : new LaneDecision(rule, codeIfNobody, null, 0, label, unknown, lanes.Version);
    }
}
