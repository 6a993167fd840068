using System.Buffers.Text;
using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fairway.Core.Directory;

namespace Fairway.Core.Lanes;

/// <summary>
/// The keys that labels are signed and verified with. A signature is <c>{kid}.{exp}.{base64url HMAC-SHA256}</c> over
/// <c>flowtype\nstress\noffline\nexp</c>, absent ones empty, <c>exp</c> in Unix seconds, base64url without padding (RFC 4648, 5).
/// Several keys verify, one signs, so that keys are rolled without a gap.
/// </summary>
public sealed class LabelKeys
{
    /// <summary>Without keys nothing is signed and nothing verifies.</summary>
    public static readonly LabelKeys None = new(new Dictionary<string, string>(), null);

    /// <summary>Characters of an HMAC-SHA256 in base64url.</summary>
    private const int MacLength = 43;

    /// <summary>Digits of the largest <c>exp</c>: below 2^53, as other languages count exactly.</summary>
    private const int MaxExpiryLength = 15;

    private const int MaxMessage = Label.MaxLength + 1 + (Label.MaxOffline * 54) + MaxExpiryLength + 3;

    private readonly FrozenDictionary<string, byte[]> _keys;
    private readonly byte[]? _signing;

    /// <param name="keys">Secrets by key id; their UTF-8 bytes are the keys.</param>
    /// <param name="current">The id of the key that signs; null takes the only one there is.</param>
    /// <exception cref="ArgumentException">An id is no name, a secret is empty, or <paramref name="current"/> names none of several keys.</exception>
    public LabelKeys(IReadOnlyDictionary<string, string> keys, string? current)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var (kid, secret) in keys)
        {
            if (!Names.IsValid(kid) || string.IsNullOrEmpty(secret))
            {
                throw new ArgumentException($"The key '{kid}' needs a name of A-Za-z0-9._- and a secret that is not empty.", nameof(keys));
            }
        }

        _keys = keys.ToFrozenDictionary(pair => pair.Key, pair => Encoding.UTF8.GetBytes(pair.Value), StringComparer.Ordinal);
        Current = !string.IsNullOrEmpty(current) ? current : _keys.Count == 1 ? _keys.Keys[0] : null;
        if (_keys.Count > 1 && Current is null)
        {
            throw new ArgumentException("There are several keys; say which one signs.", nameof(current));
        }

        if (Current is not null)
        {
            _signing = _keys.GetValueOrDefault(Current) ?? throw new ArgumentException($"There is no key '{Current}' to sign with.", nameof(current));
        }
    }

    /// <summary>The id of the key that signs; null when there is none.</summary>
    public string? Current { get; }

    /// <summary>Whether labels can leave this process at all.</summary>
    public bool CanSign => _signing is not null;

    /// <summary>Signs a label until <paramref name="expiresAt"/>, in whole seconds.</summary>
    /// <exception cref="InvalidOperationException">There is no key.</exception>
    public string Sign(Label label, DateTimeOffset expiresAt)
    {
        ArgumentNullException.ThrowIfNull(label);
        if (_signing is null)
        {
            throw new InvalidOperationException("There is no key to sign labels with; set Lanes:Keys.");
        }

        Span<char> digits = stackalloc char[20];
        expiresAt.ToUnixTimeSeconds().TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        Span<char> mac = stackalloc char[MacLength];
        Mac(_signing, label, digits[..length], mac);
        return string.Concat(Current, ".", string.Concat(digits[..length], ".", mac));
    }

    /// <summary>Whether <paramref name="signature"/> is this label's, of a known key, and not expired. Takes the same time whatever is wrong with the code.</summary>
    public bool Verify(Label label, ReadOnlySpan<char> signature, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(label);
        var macDot = signature.LastIndexOf('.');
        var expiryDot = macDot > 0 ? signature[..macDot].LastIndexOf('.') : -1;
        if (expiryDot <= 0 || signature.Length - macDot - 1 != MacLength)
        {
            return false;
        }

        var digits = signature[(expiryDot + 1)..macDot];
        if (digits.Length is 0 or > MaxExpiryLength
            || digits.ContainsAnyExceptInRange('0', '9')
            || !_keys.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(signature[..expiryDot], out var key))
        {
            return false;
        }

        // The text is compared, not the bytes it stands for: base64url has spellings that differ in their last bits alone.
        Span<char> expected = stackalloc char[MacLength];
        Mac(key, label, digits, expected);
        return CryptographicOperations.FixedTimeEquals(
                System.Runtime.InteropServices.MemoryMarshal.AsBytes(expected),
                System.Runtime.InteropServices.MemoryMarshal.AsBytes(signature[(macDot + 1)..]))
            & now.ToUnixTimeSeconds() < long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    /// <summary>When a signature of <see cref="Sign"/> ends; the epoch for what is none.</summary>
    public static DateTimeOffset ExpiryOf(ReadOnlySpan<char> signature)
    {
        var macDot = signature.LastIndexOf('.');
        var expiryDot = macDot > 0 ? signature[..macDot].LastIndexOf('.') : -1;
        return expiryDot > 0 && long.TryParse(signature[(expiryDot + 1)..macDot], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(Math.Min(seconds, DateTimeOffset.MaxValue.ToUnixTimeSeconds()))
            : DateTimeOffset.UnixEpoch;
    }

    private static void Mac(byte[] key, Label label, ReadOnlySpan<char> expiry, Span<char> mac)
    {
        Span<byte> message = stackalloc byte[MaxMessage];
        var length = Append(message, 0, label.Lane);
        message[length++] = (byte)'\n';
        length = Append(message, length, label.Stress ? "1" : "");
        message[length++] = (byte)'\n';
        length = Append(message, length, label.OfflineText);
        message[length++] = (byte)'\n';
        length = Append(message, length, expiry);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message[..length], hash);
        Base64Url.EncodeToChars(hash, mac);
    }

    private static int Append(Span<byte> message, int at, ReadOnlySpan<char> text) =>
        at + Encoding.ASCII.GetBytes(text, message[at..]);
}
