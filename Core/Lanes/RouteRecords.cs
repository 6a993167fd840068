using System.Collections.Immutable;

namespace Fairway.Core.Lanes;

/// <summary>Which of the rules decided where a request may go.</summary>
public enum RouteRule
{
    /// <summary>No label: base instances only.</summary>
    Base,

    /// <summary>The label's lane declares the service: its instances only, never base.</summary>
    Declared,

    /// <summary>The lane does not declare the service, but has a live instance: its registration declares it.</summary>
    Live,

    /// <summary>The lane neither declares the service nor has a live instance: base.</summary>
    Undeclared,

    /// <summary>The label is not taken: nowhere.</summary>
    BadLabel,
}

/// <summary>Where one request may go, before balancing. Allocates nothing; see <see cref="LaneRouter.Decide"/>.</summary>
/// <param name="Rule">What decided.</param>
/// <param name="Code">One of <see cref="RouteCodes"/>; null for a route.</param>
/// <param name="Pool">Whom the balancer picks from, those apart whose address the label names as going offline; null when it is no route.</param>
/// <param name="Usable">How many that leaves.</param>
/// <param name="Label">The label that leaves the hop; null for none.</param>
/// <param name="IsLabelUnknown">The label names no lane of the environment list: to be counted.</param>
/// <param name="Table">The version of the lane table it was decided by.</param>
public readonly record struct LaneDecision(
    RouteRule Rule, string? Code, LanePool? Pool, int Usable, string? Label, bool IsLabelUnknown, string Table)
{
    /// <summary>False: <see cref="Code"/> says why.</summary>
    public bool IsRoute => Code is null;

    /// <summary>The lane that serves; null is base, and null when nothing serves.</summary>
    public string? Lane => Pool is null or { Lane.Length: 0 } ? null : Pool.Lane;
}

/// <summary>A request to be routed to a service.</summary>
/// <param name="Service">The called service's name.</param>
/// <param name="Label">The lane label the request carries; null or empty for none.</param>
/// <param name="User">The user's id; naming it (or a region) makes this the entry, where the grey rule decides.</param>
/// <param name="Region">The user's region.</param>
/// <param name="Offline">Addresses (<c>ip:port</c>) the request knows to be going offline, each once.</param>
public sealed record RouteRequest(
    string Service, string? Label = null, string? User = null, string? Region = null, ImmutableArray<string> Offline = default);

/// <summary>Where a request goes, before balancing, and why: for people, tests and traces.</summary>
public sealed record RouteDecision
{
    /// <summary>False: <see cref="Code"/> says why.</summary>
    public bool IsRoute => Code is null;

    /// <summary>One of <see cref="RouteCodes"/>; null for a route.</summary>
    public string? Code { get; init; }

    public required RouteRule Rule { get; init; }

    /// <summary>The lane that serves; null is base, and null when nothing serves.</summary>
    public string? Lane { get; init; }

    /// <summary>The label that leaves the hop; null for none.</summary>
    public string? Label { get; init; }

    /// <summary>The label names no lane of the environment list: to be counted.</summary>
    public bool IsLabelUnknown { get; init; }

    /// <summary>Ids of all usable instances, best first.</summary>
    public ImmutableArray<string> Candidates { get; init; } = [];

    /// <summary>The version of the lane table it was decided by.</summary>
    public required string Table { get; init; }

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

    /// <summary>The lane of a registration or declaration is not in the environment list.</summary>
    public const string LaneUnknown = "LANE_UNKNOWN";

    /// <summary>A value of the label has a bad form.</summary>
    public const string LabelInvalid = "LANE_LABEL_INVALID";

    /// <summary>Two different labels.</summary>
    public const string LabelAmbiguous = "LANE_LABEL_AMBIGUOUS";

    /// <summary>The label's signature is missing, wrong or expired.</summary>
    public const string LabelTampered = "LANE_LABEL_TAMPERED";
}
