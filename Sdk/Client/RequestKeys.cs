using Fairway.Core.Balancing;

namespace Fairway.Sdk.Client;

/// <summary>What code may say of a request, or read of one, beside its headers.</summary>
public static class RequestKeys
{
    /// <summary>The user that a request is for: the key of services hashed by <c>user</c>.</summary>
    public static readonly HttpRequestOptionsKey<string> User = new("fairway.user");

    /// <summary>The id of the instance that was sent the request last; set by the handler.</summary>
    public static readonly HttpRequestOptionsKey<string> Instance = new("fairway.instance");

    /// <summary>How often the request was sent; set by the handler.</summary>
    public static readonly HttpRequestOptionsKey<int> Attempts = new("fairway.attempts");

    /// <summary>Where a request falls on the ring of a service hashed by <paramref name="hashKey"/>; a random place where it has no such key.</summary>
    internal static uint Position(string? hashKey, HttpRequestMessage request, Draws draws) =>
        Value(hashKey ?? "", request) is { Length: > 0 } value ? HashRing.Position(value) : (uint)(draws.Next() * (1L << 32));

    private static string? Value(string hashKey, HttpRequestMessage request)
    {
        var colon = hashKey.IndexOf(':');
        var (kind, name) = colon < 0 ? (hashKey, "") : (hashKey[..colon], hashKey[(colon + 1)..]);
        return kind switch
        {
            "header" => request.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null,
            "cookie" => Cookie(request, name),
            "user" => request.Options.TryGetValue(User, out var user) ? user : null,
            "uri" => request.RequestUri?.PathAndQuery,
            _ => null,
        };
    }

    private static string? Cookie(HttpRequestMessage request, string name)
    {
        if (!request.Headers.TryGetValues("Cookie", out var headers))
        {
            return null;
        }

        return headers.SelectMany(header => header.Split(';', StringSplitOptions.TrimEntries))
            .Where(pair => pair.StartsWith(name + "=", StringComparison.Ordinal))
            .Select(pair => pair[(name.Length + 1)..])
            .FirstOrDefault();
    }
}
