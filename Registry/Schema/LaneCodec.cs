using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Fairway.Core.Lanes;

namespace Fairway.Registry.Schema;

/// <summary>The JSON of <c>lanes/{lane}</c> and <c>lanes/{lane}/services/{service}</c>. The key decides which lane and service it is.</summary>
public static class LaneCodec
{
    private const string ByOperator = "operator";
    private const string Park = "park";

    public static byte[] Encode(LaneRecord record, JsonObject? unknownFrom = null) => DocumentJson.Write(
        new LaneDocument { Lane = record.Lane, Owner = record.Owner, CreatedAt = record.CreatedAt, TtlSeconds = record.TtlSeconds },
        DocumentContext.Default.LaneDocument,
        unknownFrom);

    public static byte[] Encode(LaneDeclaration record, JsonObject? unknownFrom = null) => DocumentJson.Write(
        new DeclarationDocument { DeclaredBy = record.DeclaredBy, OnConsumerDown = record.OnConsumerDown },
        DocumentContext.Default.DeclarationDocument,
        unknownFrom);

    /// <summary>False for malformed JSON, and for a time to live without <c>createdAt</c>, which would never or at once expire.</summary>
    public static bool TryDecode(string lane, ReadOnlySpan<byte> json, [NotNullWhen(true)] out LaneRecord? record)
    {
        record = null;
        if (!DocumentJson.TryRead(json, DocumentContext.Default.LaneDocument, out var document)
            || document is { TtlSeconds: not null, CreatedAt: null })
        {
            return false;
        }

        record = new LaneRecord(lane, document.Owner ?? "", document.CreatedAt ?? DateTimeOffset.UnixEpoch, document.TtlSeconds);
        return true;
    }

    /// <summary>False for malformed JSON. Defaults: declared by an operator, messages park.</summary>
    public static bool TryDecodeDeclaration(string service, ReadOnlySpan<byte> json, [NotNullWhen(true)] out LaneDeclaration? record)
    {
        record = DocumentJson.TryRead(json, DocumentContext.Default.DeclarationDocument, out var document)
            ? new LaneDeclaration(service, document.DeclaredBy ?? ByOperator, document.OnConsumerDown ?? Park)
            : null;
        return record is not null;
    }
}
