using System.Buffers;

namespace Fairway.Core.Directory;

/// <summary>The rule for service, instance, lane, exporter and gateway names: 1-128 of <c>A-Za-z0-9._-</c>, never <c>.</c> or <c>..</c>.</summary>
public static class Names
{
    public const int MaxLength = 128;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "v1", "edge", "metrics", "healthz", "readyz", "openapi", "dashboard", "console", "assets", "base",
    };

    /// <summary>Whether <paramref name="name"/> is well-formed.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= MaxLength }
        && !name.AsSpan().ContainsAnyExcept(Allowed)
        && name is not ("." or "..");

    /// <summary>Whether <paramref name="name"/> collides with a path of the Gateway or the edge, and so is no service or lane.</summary>
    public static bool IsReserved(string name) => Reserved.Contains(name);
}
