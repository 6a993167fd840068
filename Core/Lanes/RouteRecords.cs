using System.Collections.Immutable;

namespace Fairway.Core.Lanes;

/// <summary>A request to be routed to a service.</summary>
/// <param name="Service">The called service's name.</param>
/// <param name="Label">The lane label the request carries; null or empty for none.</param>
/// <param name="User">The user's id; naming it (or a region) makes this the entry, where the grey rule decides.</param>
/// <param name="Region">The user's region.</param>
/// <param name="OfflineAddresses">The union of the <c>ip:port</c>s the router and the request know to be offline.</param>
public sealed record RouteRequest(
    string Service, string? Label = null, string? User = null, string? Region = null, IReadOnlySet<string>? OfflineAddresses = null);

/// <summary>Where a request goes, before balancing.</summary>
public sealed record RouteDecision
{
    /// <summary>False: <see cref="Code"/> says why.</summary>
    public bool IsRoute => Code is null;

    /// <summary>One of <see cref="RouteCodes"/>; null for a route.</summary>
    public string? Code { get; init; }

    /// <summary>The lane that serves; null is base, and null when nothing serves.</summary>
    public string? Lane { get; init; }

    /// <summary>The label that leaves the hop; null for none.</summary>
    public string? Label { get; init; }

    /// <summary>The label names no lane of the environment list: to be counted.</summary>
    public bool IsLabelUnknown { get; init; }

    /// <summary>Ids of all usable instances, best first.</summary>
    public ImmutableArray<string> Candidates { get; init; } = [];

    /// <summary>The steps of the decision, for people.</summary>
    public ImmutableArray<string> Why { get; init; } = [];
}

/// <summary>Stable codes of a request that goes nowhere.</summary>
public static class RouteCodes
{
    /// <summary>The service is declared in the label's lane and has no usable instance there.</summary>
    public const string LaneServiceDown = "LANE_SERVICE_DOWN";

    /// <summary>No usable instance where the request may go.</summary>
    public const string NoProvider = "NO_PROVIDER";

    /// <summary>The label is not 1-64 of <c>A-Za-z0-9._-</c>.</summary>
    public const string LabelInvalid = "LANE_LABEL_INVALID";
}
