using System.Security.Cryptography;
using System.Text;

namespace Fairway.Sdk.Configuration.Apollo;

/// <summary>The signature of a request to a config service whose app has an access key: HMAC-SHA1 over the time and the request's path with its query.</summary>
internal static class ApolloSignature
{
    /// <param name="timestamp">Unix time in ms, as it goes into the header <c>Timestamp</c>.</param>
    /// <param name="pathAndQuery">As sent.</param>
    /// <returns>The value of <c>Authorization</c>.</returns>
    public static string Of(string appId, string secret, string timestamp, string pathAndQuery)
    {
#pragma warning disable CA5350 // the protocol's choice
        var hash = HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}\n{pathAndQuery}"));
#pragma warning restore CA5350
        return $"Apollo {appId}:{Convert.ToBase64String(hash)}";
    }
}
