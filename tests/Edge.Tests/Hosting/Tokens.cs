using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Fairway.Edge.Tests;

/// <summary>Users' tokens, as an issuer makes them.</summary>
public static class Tokens
{
    public static string Of(string user, string[]? lanes = null, string? region = null, TimeSpan? life = null, string secret = EdgeServer.JwtSecret)
    {
        var claims = new JsonObject
        {
            ["sub"] = user,
            ["exp"] = (TimeProvider.System.GetUtcNow() + (life ?? TimeSpan.FromHours(1))).ToUnixTimeSeconds(),
        };
        if (lanes is not null)
        {
            claims["lanes"] = new JsonArray([.. lanes.Select(lane => (JsonNode?)lane)]);
        }

        if (region is not null)
        {
            claims["region"] = region;
        }

        return Sign("""{"alg":"HS256","typ":"JWT"}""", claims.ToJsonString(), secret);
    }

    public static string Sign(string header, string claims, string secret)
    {
        var content = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(content));
        return $"{content}.{Base64Url.EncodeToString(mac)}";
    }

    public static (string Name, string Value) Bearer(string token) => ("Authorization", $"Bearer {token}");
}
