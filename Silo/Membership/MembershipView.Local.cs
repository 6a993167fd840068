namespace Fairway.Silo.Membership;

/// <summary>One process is all there is.</summary>
internal sealed class MembershipView : IMembershipView
{
    public bool IsActive => true;

    public string State => "Active";

    public IReadOnlyDictionary<string, int> Silos { get; } = new Dictionary<string, int>(StringComparer.Ordinal) { ["Active"] = 1 };
}
