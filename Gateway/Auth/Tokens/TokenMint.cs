using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Fairway.Gateway.Auth.Tokens;

/// <summary>Signs the demo user's token; real users bring tokens of their own issuer.</summary>
public static class TokenMint
{
    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);

    public static string Hs256(string secret, string subject, DateTimeOffset expiresAt)
    {
        var claims = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["sub"] = subject, ["exp"] = expiresAt.ToUnixTimeSeconds() });
        var signed = $"{Header}.{Base64Url.EncodeToString(claims)}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }
}
