using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Fairway.Sdk.Stress;

/// <summary>The key by which the current stress request falls into its bucket. It flows like the label.</summary>
public static class StressKey
{
    private const string UserHeader = "x-user-id";

    private static readonly AsyncLocal<string?> Flowing = new();

    /// <summary>Null for none; then nothing passes.</summary>
    public static string? Current => Flowing.Value;

    /// <summary>Sets the key for what runs from here on in this flow: for work that comes by other ways than HTTP.</summary>
    public static void Use(string? key) => Flowing.Value = key;

    /// <summary>What a rule's <c>key</c> names of a request; null where the request has none.</summary>
    /// <param name="context">The request; <c>user</c> is the claim <c>sub</c>, else the header <c>x-user-id</c>.</param>
    public static string? Of(HttpContext context, string key)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(key);
        var request = context.Request;
        var value = key.Split(':', 2) switch
        {
            ["user"] => context.User.FindFirst("sub")?.Value ?? context.User.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? request.Headers[UserHeader].ToString(),
            ["uri"] => request.Path.Value,
            ["header", var name] => request.Headers[name].ToString(),
            ["cookie", var name] => request.Cookies[name],
            _ => null,
        };
        return string.IsNullOrEmpty(value) ? null : value;
    }
}
