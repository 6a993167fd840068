using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Fairway.Gateway.Auth.Tokens;

/// <summary>
/// Verifies JSON Web Tokens (RFC 7519) in compact form. The key decides the algorithm: a token whose header names another one, or
/// <c>none</c>, is refused. Only <c>sub</c> and <c>exp</c> are required; <c>nbf</c> holds where it is sent. A <c>sub</c> has 1 to 256
/// characters and no control character: it becomes a key of logs, queues and databases, not all of which can hold one.
/// </summary>
public sealed class TokenValidator(IReadOnlyList<TokenKey> keys, TimeProvider time)
{
    /// <summary>How far the clocks of issuer and Gateway may differ.</summary>
    public static readonly TimeSpan Leeway = TimeSpan.FromSeconds(30);

    /// <summary>A token longer than this is refused unread.</summary>
    public const int MaxLength = 16 * 1024;

    private const string NoToken = "The token is not a signed JSON Web Token.";

    /// <summary>Returns what the token says, or null with the reason it is refused; the reason never quotes the token.</summary>
    public UserToken? Validate(string token, out string reason)
    {
        reason = NoToken;
        if (token.Length > MaxLength || token.Split('.') is not [var header, var payload, var signature])
        {
            return null;
        }

        try
        {
            using var head = JsonDocument.Parse(Base64Url.DecodeFromChars(header));
            if (!IsSignedByKnownKey(head.RootElement, token.AsSpan(0, header.Length + 1 + payload.Length), Base64Url.DecodeFromChars(signature)))
            {
                reason = "The token is not signed by a key this Gateway accepts.";
                return null;
            }

            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
            return Read(claims.RootElement, out reason);
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException)
        {
            reason = NoToken; // the last exception: of text that is no Unicode
            return null;
        }
    }

    private bool IsSignedByKnownKey(JsonElement header, ReadOnlySpan<char> signed, ReadOnlySpan<byte> signature)
    {
        // A header that must be understood and is not makes the token invalid (RFC 7515, 4.1.11).
        if (header.ValueKind != JsonValueKind.Object || Text(header, "alg") is not { } algorithm || header.TryGetProperty("crit", out _))
        {
            return false;
        }

        var bytes = new byte[Encoding.ASCII.GetByteCount(signed)];
        Encoding.ASCII.GetBytes(signed, bytes);
        var id = Text(header, "kid");
        foreach (var key in keys)
        {
            if (key.Algorithm == algorithm && (id is null || key.Id is null || key.Id == id) && key.Verify(bytes, signature))
            {
                return true;
            }
        }

        return false;
    }

    private UserToken? Read(JsonElement claims, out string reason)
    {
        reason = "The token lacks 'sub' or 'exp'.";
        if (claims.ValueKind != JsonValueKind.Object
            || Text(claims, "sub") is not { Length: > 0 and <= 256 } subject
            || Instant(claims, "exp") is not { } expiresAt)
        {
            return null;
        }

        if (subject.Any(char.IsControl))
        {
            reason = "The token's 'sub' has a control character.";
            return null;
        }

        var now = time.GetUtcNow();
        if (now >= expiresAt + Leeway)
        {
            reason = "The token has expired.";
            return null;
        }

        if (claims.TryGetProperty("nbf", out _) && (Instant(claims, "nbf") is not { } notBefore || now < notBefore - Leeway))
        {
            reason = "The token is not valid yet.";
            return null;
        }

        reason = "";
        return new UserToken(subject, expiresAt, Texts(claims, "lanes"), Text(claims, "region"));
    }

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static ImmutableArray<string> Texts(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
            : [];

    /// <summary>A NumericDate of RFC 7519: seconds since 1970, possibly with a fraction.</summary>
    private static DateTimeOffset? Instant(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_800
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;
}
