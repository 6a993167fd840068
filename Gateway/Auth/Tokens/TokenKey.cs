using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Fairway.Gateway.Auth.Tokens;

/// <summary>A key that verifies tokens of one algorithm only, so that no token can choose how it is verified.</summary>
public abstract class TokenKey(string algorithm, string? id) : IDisposable
{
    /// <summary>The <c>alg</c> of RFC 7518 that this key is pinned to.</summary>
    public string Algorithm { get; } = algorithm;

    /// <summary>The <c>kid</c> a token may name it by; null answers to any.</summary>
    public string? Id { get; } = id;

    public abstract bool Verify(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature);

    /// <summary>HMAC-SHA256 with the UTF-8 bytes of <paramref name="secret"/>.</summary>
    public static TokenKey Hs256(string secret) => new HmacKey(Encoding.UTF8.GetBytes(secret));

    /// <summary>The RSA signature keys of a JSON Web Key Set (RFC 7517); other keys in it are passed over.</summary>
    /// <exception cref="JsonException">The document is no key set.</exception>
    /// <exception cref="CryptographicException">A key's numbers are no RSA key.</exception>
    public static IReadOnlyList<TokenKey> ReadJwks(ReadOnlyMemory<byte> document)
    {
        using var json = JsonDocument.Parse(document);
        if (json.RootElement.ValueKind != JsonValueKind.Object
            || !json.RootElement.TryGetProperty("keys", out var keys)
            || keys.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("A key set is an object with an array 'keys'.");
        }

        return [.. keys.EnumerateArray().Where(IsRs256).Select(ReadRsa)];
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }

    private static bool IsRs256(JsonElement key) =>
        Text(key, "kty") == "RSA" && Text(key, "use") is null or "sig" && Text(key, "alg") is null or "RS256";

    private static RsaKey ReadRsa(JsonElement key)
    {
        var rsa = RSA.Create();
        rsa.ImportParameters(new RSAParameters { Modulus = Number(key, "n"), Exponent = Number(key, "e") });
        return new RsaKey(rsa, Text(key, "kid"));
    }

    private static byte[] Number(JsonElement key, string name) =>
        Base64Url.DecodeFromChars(Text(key, name) ?? throw new JsonException($"An RSA key lacks '{name}'."));

    private static string? Text(JsonElement key, string name) =>
        key.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed class HmacKey(byte[] secret) : TokenKey("HS256", id: null)
    {
        public override bool Verify(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
        {
            Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
            HMACSHA256.HashData(secret, content, expected);
            return CryptographicOperations.FixedTimeEquals(expected, signature);
        }
    }

    private sealed class RsaKey(RSA rsa, string? id) : TokenKey("RS256", id)
    {
        public override bool Verify(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature) =>
            rsa.VerifyData(content, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        protected override void Dispose(bool disposing)
        {
            rsa.Dispose();
            base.Dispose(disposing);
        }
    }
}
