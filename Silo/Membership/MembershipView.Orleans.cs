namespace Fairway.Silo.Membership;

/// <summary>As this silo sees its cluster; a client sees none.</summary>
internal sealed class MembershipView(IServiceProvider services) : IMembershipView
{
    // Asked for late: the engine's services must not be made before the engine is.
    private ISiloStatusOracle? Oracle => services.GetService<ISiloStatusOracle>();

    public bool IsActive => Oracle is not { } oracle || oracle.CurrentStatus == SiloStatus.Active;

    public string State => Oracle?.CurrentStatus.ToString() ?? "Client";

    public IReadOnlyDictionary<string, int> Silos => Oracle?.GetApproximateSiloStatuses().Values
        .Where(status => status != SiloStatus.Dead)
        .CountBy(status => status.ToString())
        .ToDictionary(StringComparer.Ordinal) ?? [];
}
