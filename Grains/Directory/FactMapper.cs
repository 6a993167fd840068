using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Grains.Directory;

/// <summary>Turns registry entries into the facts that <see cref="DirectoryReducer"/> reads.</summary>
internal static class FactMapper
{
    /// <summary>
    /// False for keys that are no part of the directory (configuration, membership, unknown ones) and for values that
    /// cannot be read; <paramref name="malformed"/> tells the latter apart.
    /// </summary>
    public static bool TryMap(in RegistryEntry entry, [NotNullWhen(true)] out RegistryFact? fact, out bool malformed)
    {
        malformed = false;
        fact = null;
        if (!RegistryKey.TryParse(entry.Key, out var key) || !TryMap(key, out _))
        {
            return false;
        }

        if (!RegistryDecoder.TryDecode(entry, out var decoded) || Map(decoded) is not { } mapped)
        {
            malformed = true;
            return false;
        }

        fact = mapped with { ModRevision = entry.ModRevision, Lease = entry.Lease };
        return true;
    }

    /// <summary>False for keys that are no part of the directory.</summary>
    public static bool TryMapKey(string key, out FactKey mapped)
    {
        mapped = default;
        return RegistryKey.TryParse(key, out var parsed) && TryMap(parsed, out mapped);
    }

    /// <summary>False when the key is no part of the directory, or the value put under it cannot be read.</summary>
    public static bool TryMap(in RegistryChange change, out FactChange mapped, out bool malformed)
    {
        malformed = false;
        mapped = default;
        if (!change.IsDelete)
        {
            if (!TryMap(change.Entry, out var fact, out malformed))
            {
                return false;
            }

            mapped = FactChange.Put(fact);
            return true;
        }

        if (!TryMapKey(change.Entry.Key, out var factKey))
        {
            return false;
        }

        mapped = FactChange.Delete(factKey, change.Entry.ModRevision);
        return true;
    }

    private static bool TryMap(RegistryKey key, out FactKey mapped)
    {
        FactKey? known = key switch
        {
            InstanceKey k => FactKey.Instance(k.Service, k.Id),
            StatusKey k => FactKey.Status(k.Service, k.Exporter, Chunk(k)),
            ExporterKey k => FactKey.Member(FactKind.Exporter, k.Id),
            GatewayKey k => FactKey.Member(FactKind.Gateway, k.Id),
            EdgeKey k => FactKey.Member(FactKind.Edge, k.Id),
            LaneKey k => FactKey.Lane(k.Name),
            DeclarationKey k => FactKey.Declaration(k.Lane, k.Service),
            PolicyKey k => FactKey.Policy(k.Service),
            GreyKey k => FactKey.Grey(k.Service),
            OfflineKey k => FactKey.Offline(k.Address),
            LimitKey k => FactKey.Limit(k.Service),
            _ => null,
        };
        mapped = known ?? default;
        return known is not null;
    }

    private static RegistryFact? Map(DecodedEntry decoded) => decoded switch
    {
        DecodedEntry.Instance e => new InstanceFact(e.Record),
        DecodedEntry.Status e => new StatusFact(e.Of.Service, e.Of.Exporter, Chunk(e.Of), e.Batch),
        DecodedEntry.Exporter e => new MemberFact(FactKind.Exporter, e.Record),
        DecodedEntry.Gateway e => new MemberFact(FactKind.Gateway, e.Record),
        DecodedEntry.Edge e => new MemberFact(FactKind.Edge, e.Record),
        DecodedEntry.Lane e => new LaneFact(e.Record),
        DecodedEntry.Declaration e => new DeclarationFact(e.Of.Lane, e.Record),
        DecodedEntry.Policy e => new PolicyFact(e.Of.Service, e.Record),
        DecodedEntry.Grey e => new GreyFact(e.Of.Service, e.Record),
        DecodedEntry.Offline e => new OfflineFact(e.Record),
        DecodedEntry.Limit e => new LimitFact(e.Of.Service, e.Record),
        _ => null,
    };

    private static string Chunk(StatusKey key) => string.Create(CultureInfo.InvariantCulture, $"{key.Chunk}");
}
