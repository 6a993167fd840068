using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>Builds <see cref="DirectoryTables"/> from facts, leaving out what expired.</summary>
internal static class TableDeriver
{
    public static DirectoryTables Derive(IEnumerable<RegistryFact> facts, DateTimeOffset now)
    {
        var byKind = facts.Where(fact => fact is not (InstanceFact or StatusFact or PolicyFact)).ToList();
        var lanes = byKind.OfType<LaneFact>()
            .Where(fact => !IsPast(fact.Record.ExpiresAt, now))
            .ToImmutableSortedDictionary(fact => fact.Record.Lane, fact => fact.Record, StringComparer.Ordinal);
        return new DirectoryTables
        {
            Lanes = lanes,
            Declarations = byKind.OfType<DeclarationFact>()
                .Where(fact => lanes.ContainsKey(fact.Lane))
                .GroupBy(fact => fact.Lane)
                .ToImmutableSortedDictionary(
                    lane => lane.Key,
                    lane => lane.Select(fact => fact.Declaration).OrderBy(declaration => declaration.Service, StringComparer.Ordinal).ToImmutableArray(),
                    StringComparer.Ordinal),
            Grey = byKind.OfType<GreyFact>().ToImmutableSortedDictionary(fact => fact.Service, fact => fact.Rule, StringComparer.Ordinal),
            Offline = byKind.OfType<OfflineFact>()
                .Where(fact => !IsPast(fact.Mark.ExpiresAt, now))
                .ToImmutableSortedDictionary(fact => fact.Mark.Address, fact => fact.Mark, StringComparer.Ordinal),
            Limits = byKind.OfType<LimitFact>().ToImmutableSortedDictionary(fact => fact.Service, fact => fact.Rule, StringComparer.Ordinal),
            Gateways = Members(byKind, FactKind.Gateway),
            Exporters = Members(byKind, FactKind.Exporter),
            Edges = Members(byKind, FactKind.Edge),
        };
    }

    /// <summary>The next instant at which something expires; null when nothing will.</summary>
    public static DateTimeOffset? NextExpiry(IEnumerable<RegistryFact> facts, DateTimeOffset now) =>
        facts.Select(ExpiresAt).Where(at => at > now).Min();

    private static DateTimeOffset? ExpiresAt(RegistryFact fact) => fact switch
    {
        LaneFact lane => lane.Record.ExpiresAt,
        OfflineFact offline => offline.Mark.ExpiresAt,
        PolicyFact policy => policy.Policy.ExpiresAt,
        _ => null,
    };

    private static bool IsPast(DateTimeOffset? expiresAt, DateTimeOffset now) => expiresAt <= now;

    private static ImmutableArray<Member> Members(IEnumerable<RegistryFact> facts, FactKind kind) =>
        [.. facts.OfType<MemberFact>().Where(fact => fact.Kind == kind).Select(fact => fact.Member).OrderBy(member => member.Id, StringComparer.Ordinal)];
}
