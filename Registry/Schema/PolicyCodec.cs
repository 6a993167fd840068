using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Fairway.Core.Directory;

namespace Fairway.Registry.Schema;

/// <summary>The JSON of <c>policies/{service}</c>.</summary>
public static class PolicyCodec
{
    public static byte[] Encode(ServicePolicy record, JsonObject? unknownFrom = null) => DocumentJson.Write(
        new PolicyDocument
        {
            Mode = record.Mode,
            Weights = Numbers(record.Weights),
            HashKey = record.HashKey,
            BoundFactor = record.BoundFactor,
            Coefficients = Numbers(record.Coefficients),
            Author = record.Author,
            Reason = record.Reason,
            ExpiresAt = record.ExpiresAt,
        },
        DocumentContext.Default.PolicyDocument,
        unknownFrom);

    /// <summary>False for malformed JSON, and for a mode that nobody here knows.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> json, [NotNullWhen(true)] out ServicePolicy? record)
    {
        if (!DocumentJson.TryRead(json, DocumentContext.Default.PolicyDocument, out var document)
            || document.Mode is not (null or ServicePolicy.Scored or ServicePolicy.Manual or ServicePolicy.Hash))
        {
            record = null;
            return false;
        }

        record = new ServicePolicy();
        record = record with
        {
            Mode = document.Mode ?? record.Mode,
            Weights = Numbers(document.Weights),
            HashKey = document.HashKey,
            BoundFactor = document.BoundFactor ?? record.BoundFactor,
            Coefficients = Numbers(document.Coefficients),
            Author = document.Author,
            Reason = document.Reason,
            ExpiresAt = document.ExpiresAt,
        };
        return true;
    }

    private static Dictionary<string, double?>? Numbers(ImmutableSortedDictionary<string, double> numbers) =>
        numbers.IsEmpty ? null : numbers.ToDictionary(pair => pair.Key, pair => (double?)pair.Value);

    private static ImmutableSortedDictionary<string, double> Numbers(IReadOnlyDictionary<string, double?>? numbers) =>
        numbers is null
            ? ImmutableSortedDictionary<string, double>.Empty
            : numbers.Where(pair => pair.Value is not null)
                .ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value!.Value, StringComparer.Ordinal);
}
