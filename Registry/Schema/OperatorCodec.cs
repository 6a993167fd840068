using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Registry.Schema;

/// <summary>The JSON of <c>grey/{service}</c>, <c>offline/{ip:port}</c>, <c>limits/{service}</c>, and of the members (exporters, gateways, edges).</summary>
public static class OperatorCodec
{
    private const string Open = "open";

    public static byte[] Encode(GreyRule record, JsonObject? unknownFrom = null) => DocumentJson.Write(
        new GreyDocument
        {
            Target = record.Target,
            Salt = record.Salt,
            Kill = record.Kill,
            Whitelist = record.Whitelist.IsDefault ? [] : record.Whitelist,
            Regions = record.Regions.IsDefault ? [] : record.Regions,
            RatioPer10000 = record.RatioPer10000,
        },
        DocumentContext.Default.GreyDocument,
        unknownFrom);

    public static byte[] Encode(OfflineMark record, JsonObject? unknownFrom = null) => DocumentJson.Write(
        new OfflineDocument { Author = record.Author, Reason = record.Reason, ExpiresAt = record.ExpiresAt },
        DocumentContext.Default.OfflineDocument,
        unknownFrom);

    public static byte[] Encode(LimitRule record, JsonObject? unknownFrom = null) => DocumentJson.Write(
        new LimitDocument { RatePerSecond = record.RatePerSecond, Burst = record.Burst, OnFailure = record.OnFailure },
        DocumentContext.Default.LimitDocument,
        unknownFrom);

    public static byte[] Encode(Member record, JsonObject? unknownFrom = null) => DocumentJson.Write(
        new MemberDocument { Id = record.Id, Address = record.Address, Version = record.Version },
        DocumentContext.Default.MemberDocument,
        unknownFrom);

    /// <summary>False for malformed JSON or without a target.</summary>
    public static bool TryDecodeGrey(ReadOnlySpan<byte> json, [NotNullWhen(true)] out GreyRule? record)
    {
        record = DocumentJson.TryRead(json, DocumentContext.Default.GreyDocument, out var document) && document.Target is { Length: > 0 } target
            ? new GreyRule
            {
                Target = target,
                Salt = document.Salt ?? "",
                Kill = document.Kill ?? false,
                Whitelist = Texts(document.Whitelist),
                Regions = Texts(document.Regions),
                RatioPer10000 = Math.Clamp(document.RatioPer10000 ?? 0, 0, 10_000),
            }
            : null;
        return record is not null;
    }

    /// <summary>False for malformed JSON.</summary>
    public static bool TryDecodeOffline(string address, ReadOnlySpan<byte> json, [NotNullWhen(true)] out OfflineMark? record)
    {
        record = DocumentJson.TryRead(json, DocumentContext.Default.OfflineDocument, out var document)
            ? new OfflineMark(address, document.Author ?? "", document.Reason ?? "", document.ExpiresAt)
            : null;
        return record is not null;
    }

    /// <summary>False for malformed JSON or without a rate. Defaults: burst = rate, <c>open</c>.</summary>
    public static bool TryDecodeLimit(ReadOnlySpan<byte> json, [NotNullWhen(true)] out LimitRule? record)
    {
        record = DocumentJson.TryRead(json, DocumentContext.Default.LimitDocument, out var document) && document.RatePerSecond is { } rate
            ? new LimitRule(rate, document.Burst ?? rate, document.OnFailure ?? Open)
            : null;
        return record is not null;
    }

    /// <summary>False for malformed JSON.</summary>
    public static bool TryDecodeMember(string id, ReadOnlySpan<byte> json, [NotNullWhen(true)] out Member? record)
    {
        record = DocumentJson.TryRead(json, DocumentContext.Default.MemberDocument, out var document)
            ? new Member(id, document.Address ?? "", document.Version ?? "")
            : null;
        return record is not null;
    }

    private static ImmutableArray<string> Texts(IReadOnlyList<string?>? texts) =>
        texts is null ? [] : [.. texts.OfType<string>()];
}
