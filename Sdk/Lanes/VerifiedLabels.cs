using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Fairway.Core.Lanes;

namespace Fairway.Sdk.Lanes;

/// <summary>
/// Labels verified lately: an entry signs a label once for many requests, so most need no second computation of the same code.
/// A code that was sent is compared in constant time here too. Bounded; each place holds the last label that fell on it.
/// </summary>
internal sealed class VerifiedLabels
{
    private const int Places = 256;

    private readonly Entry?[] _entries = new Entry?[Places];

    /// <summary>The label of these very headers, where they were verified before and have not expired since.</summary>
    public Label? Find(string? flowType, string? stress, string? offline, string signature, DateTimeOffset now)
    {
        var macDot = signature.LastIndexOf('.');
        if (macDot <= 0 || Volatile.Read(ref _entries[PlaceOf(flowType, signature.AsSpan(0, macDot))]) is not { } entry)
        {
            return null;
        }

        return string.Equals(entry.FlowType, flowType, StringComparison.Ordinal)
            && string.Equals(entry.Stress, stress, StringComparison.Ordinal)
            && string.Equals(entry.Offline, offline, StringComparison.Ordinal)
            && entry.Signature.Length == signature.Length
            && entry.Signature.AsSpan(0, macDot).SequenceEqual(signature.AsSpan(0, macDot))
            && CryptographicOperations.FixedTimeEquals(
                MemoryMarshal.AsBytes(entry.Signature.AsSpan(macDot)), MemoryMarshal.AsBytes(signature.AsSpan(macDot)))
            && now < entry.ExpiresAt
            ? entry.Label
            : null;
    }

    /// <summary>Remembers a label that was verified.</summary>
    public void Add(string? flowType, string? stress, string? offline, Label label)
    {
        if (label.Signature is { } signature)
        {
            Volatile.Write(
                ref _entries[PlaceOf(flowType, signature.AsSpan(0, signature.LastIndexOf('.')))],
                new Entry(flowType, stress, offline, signature, LabelKeys.ExpiryOf(signature), label));
        }
    }

    private static int PlaceOf(string? flowType, ReadOnlySpan<char> keyAndExpiry) =>
        ((flowType?.GetHashCode(StringComparison.Ordinal) ?? 0) ^ string.GetHashCode(keyAndExpiry, StringComparison.Ordinal)) & (Places - 1);

    private sealed record Entry(string? FlowType, string? Stress, string? Offline, string Signature, DateTimeOffset ExpiresAt, Label Label);
}
