namespace Fairway.Core.Balancing;

/// <summary>By what an instance's weight is multiplied before a caller picks.</summary>
/// <param name="Own">For instances of the caller's zone.</param>
/// <param name="Others">For all others; 0 where the caller's zone serves all.</param>
public readonly record struct ZoneFactors(double Own, double Others)
{
    public static readonly ZoneFactors Even = new(1, 1);
}

/// <summary>
/// Own zone first while its usable weight covers its share, then spill: as Envoy's zone aware routing. A zone that sends a share s of
/// all requests and has a share p of the usable weight keeps all of its requests where p is at least s, else p/s of them; what
/// spills goes to the others by weight. With two zones each instance then gets what its weight is worth.
/// </summary>
public static class ZonePreference
{
    /// <param name="zones">The usable weight by zone; the zone of instances that name none is empty and nobody's own.</param>
    /// <param name="own">The caller's zone; empty has none.</param>
    /// <param name="share">The part of all requests that callers of this zone send, over 0 up to 1; null takes an even share of the zones.</param>
    public static ZoneFactors Factors(IReadOnlyDictionary<string, double> zones, string own, double? share = null)
    {
        ArgumentNullException.ThrowIfNull(zones);
        if (share is { } said)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(said, 0);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(said, 1);
        }

        var total = zones.Values.Sum();
        if (string.IsNullOrEmpty(own) || !(zones.GetValueOrDefault(own) is > 0 and var weight))
        {
            return ZoneFactors.Even;
        }

        var others = total - weight;
        var kept = weight / total / (share ?? (1.0 / zones.Count(zone => zone.Value > 0 && zone.Key.Length > 0)));
        return kept >= 1 || others <= 0
            ? new ZoneFactors(1, 0)
            : new ZoneFactors(1, (1 - kept) / kept * weight / others);
    }
}
