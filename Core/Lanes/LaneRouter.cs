using System.Collections.Immutable;
using Fairway.Core.Directory;

namespace Fairway.Core.Lanes;

/// <summary>
/// Where a request may go: no label, base only; a label whose lane declares the service, that lane only; else a
/// live instance of that lane, or base. Never another lane, never an offline address.
/// </summary>
public static class LaneRouter
{
    private const string Base = "";

    /// <summary>Decides for one request. Names nobody in <see cref="RouteDecision.Candidates"/> when it is no route.</summary>
    /// <param name="request">The request.</param>
    /// <param name="service">The called service; null when nobody registered it.</param>
    /// <param name="lanes">The environment list.</param>
    public static RouteDecision Route(RouteRequest request, ServiceSnapshot? service, LaneTable lanes)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(lanes);
        var why = ImmutableArray.CreateBuilder<string>();
        var label = string.IsNullOrEmpty(request.Label) ? null : request.Label;
        if (label is not null && !Label.IsValid(label))
        {
            why.Add("the label is not 1-64 of A-Za-z0-9._-");
            return new RouteDecision { Code = RouteCodes.LabelInvalid, Why = why.ToImmutable() };
        }

        if (request.User is not null || request.Region is not null)
        {
            var assigned = GreyRouter.Assign(lanes.GreyOf(request.Service), label, request.User, request.Region);
            label = assigned.Label;
            why.Add($"entry rule: {Describe(assigned.Reason)}");
        }

        return label is null
            ? ToBase(request, service, label, unknown: false, why)
            : ToLane(request, service, label, lanes, why);
    }

    private static RouteDecision ToLane(
        RouteRequest request, ServiceSnapshot? service, string label, LaneTable lanes, ImmutableArray<string>.Builder why)
    {
        var unknown = !lanes.Knows(label);
        why.Add(unknown ? $"label {label} names no living lane: routed as undeclared" : $"label {label}");
        var candidates = Usable(request, service, label, why);
        var declared = lanes.Declares(label, request.Service);
        if (candidates.IsEmpty && !declared)
        {
            why.Add($"not declared in {label} and no live instance there: base");
            return ToBase(request, service, label, unknown, why);
        }

        why.Add(declared ? $"declared in {label}" : $"not declared in {label}, but a live instance is there");
        return new RouteDecision
        {
            Code = candidates.IsEmpty ? RouteCodes.LaneServiceDown : null,
            Lane = candidates.IsEmpty ? null : label,
            Label = label,
            IsLabelUnknown = unknown,
            Candidates = candidates,
            Why = why.ToImmutable(),
        };
    }

    private static RouteDecision ToBase(
        RouteRequest request, ServiceSnapshot? service, string? label, bool unknown, ImmutableArray<string>.Builder why)
    {
        if (service is null or { Instances.IsEmpty: true })
        {
            why.Add("nobody registered the service");
        }

        var candidates = Usable(request, service, Base, why);
        return new RouteDecision
        {
            Code = candidates.IsEmpty ? RouteCodes.NoProvider : null,
            Label = label,
            IsLabelUnknown = unknown,
            Candidates = candidates,
            Why = why.ToImmutable(),
        };
    }

    private static ImmutableArray<string> Usable(
        RouteRequest request, ServiceSnapshot? service, string lane, ImmutableArray<string>.Builder why)
    {
        if (service is null)
        {
            return [];
        }

        var panic = service.PanickedLanes.Contains(lane);
        var total = 0;
        var offline = 0;
        var candidates = ImmutableArray.CreateBuilder<string>();
        foreach (var instance in service.Instances)
        {
            if (!string.Equals(instance.Lane, lane, StringComparison.Ordinal))
            {
                continue;
            }

            total++;
            if (instance.State is InstanceState.Offline || request.OfflineAddresses?.Contains(instance.Address) is true)
            {
                offline++;
            }
            else if (instance.IsUsable || (panic && instance.State is InstanceState.Ejected))
            {
                candidates.Add(instance.Id);
            }
        }

        why.Add($"{(lane.Length == 0 ? "base" : lane)}: {candidates.Count} of {total} may serve"
            + (offline == 0 ? "" : $", {offline} offline") + (panic ? ", panic: ejected ones are back" : ""));
        return candidates.ToImmutable();
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
