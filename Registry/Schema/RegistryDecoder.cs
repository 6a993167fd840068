using System.Diagnostics.CodeAnalysis;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Google.Protobuf;

namespace Fairway.Registry.Schema;

/// <summary>An entry of the registry with its key taken apart and its value decoded.</summary>
public abstract record DecodedEntry(RegistryKey Key)
{
    public sealed record Instance(InstanceKey Of, InstanceRecord Record) : DecodedEntry(Of);

    public sealed record Status(StatusKey Of, StatusBatch Batch) : DecodedEntry(Of);

    public sealed record Exporter(ExporterKey Of, Member Record) : DecodedEntry(Of);

    public sealed record Gateway(GatewayKey Of, Member Record) : DecodedEntry(Of);

    public sealed record Edge(EdgeKey Of, Member Record) : DecodedEntry(Of);

    public sealed record Lane(LaneKey Of, LaneRecord Record) : DecodedEntry(Of);

    public sealed record Declaration(DeclarationKey Of, LaneDeclaration Record) : DecodedEntry(Of);

    public sealed record Policy(PolicyKey Of, ServicePolicy Record) : DecodedEntry(Of);

    public sealed record Grey(GreyKey Of, GreyRule Record) : DecodedEntry(Of);

    public sealed record Offline(OfflineKey Of, OfflineMark Record) : DecodedEntry(Of);

    public sealed record Limit(LimitKey Of, LimitRule Record) : DecodedEntry(Of);

    /// <summary>Configuration is bytes to everyone but its reader.</summary>
    public sealed record Config(ConfigKey Of, ByteString Value) : DecodedEntry(Of);
}

/// <summary>Decodes entries of every kind that a directory is made of.</summary>
public static class RegistryDecoder
{
    /// <summary>
    /// Decodes a put. False for keys of no known kind, for actor-cluster keys, and for malformed values: a reader keeps
    /// what it knew under that key. A delete needs only <see cref="RegistryKey.TryParse"/>.
    /// </summary>
    public static bool TryDecode(in RegistryEntry entry, [NotNullWhen(true)] out DecodedEntry? decoded)
    {
        decoded = RegistryKey.TryParse(entry.Key, out var key) ? Decode(key, entry.Value) : null;
        return decoded is not null;
    }

    private static DecodedEntry? Decode(RegistryKey key, ByteString value)
    {
        var bytes = value.Span;
        return key switch
        {
            InstanceKey k => InstanceCodec.TryDecode(k.Service, k.Id, bytes, out var r) ? new DecodedEntry.Instance(k, r) : null,
            StatusKey k => StatusCodec.TryDecode(bytes, out var r) ? new DecodedEntry.Status(k, r) : null,
            ExporterKey k => OperatorCodec.TryDecodeMember(k.Id, bytes, out var r) ? new DecodedEntry.Exporter(k, r) : null,
            GatewayKey k => OperatorCodec.TryDecodeMember(k.Id, bytes, out var r) ? new DecodedEntry.Gateway(k, r) : null,
            EdgeKey k => OperatorCodec.TryDecodeMember(k.Id, bytes, out var r) ? new DecodedEntry.Edge(k, r) : null,
            LaneKey k => LaneCodec.TryDecode(k.Name, bytes, out var r) ? new DecodedEntry.Lane(k, r) : null,
            DeclarationKey k => LaneCodec.TryDecodeDeclaration(k.Service, bytes, out var r) ? new DecodedEntry.Declaration(k, r) : null,
            PolicyKey k => PolicyCodec.TryDecode(bytes, out var r) ? new DecodedEntry.Policy(k, r) : null,
            GreyKey k => OperatorCodec.TryDecodeGrey(bytes, out var r) ? new DecodedEntry.Grey(k, r) : null,
            OfflineKey k => OperatorCodec.TryDecodeOffline(k.Address, bytes, out var r) ? new DecodedEntry.Offline(k, r) : null,
            LimitKey k => OperatorCodec.TryDecodeLimit(bytes, out var r) ? new DecodedEntry.Limit(k, r) : null,
            ConfigKey k => new DecodedEntry.Config(k, value),
            _ => null,
        };
    }
}
