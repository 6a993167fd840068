using System.Globalization;

namespace Fairway.Gateway.Relay;

/// <summary>Ids of the Responses API. They follow from the version alone, so that every reader of an answer gets the same.</summary>
internal static class ResponseIds
{
    private const string Prefix = "resp_";

    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{version}");

    public static string Item(string kind, long version, int index) => string.Create(CultureInfo.InvariantCulture, $"{kind}_{version}_{index}");

    public static long? VersionOf(string id) =>
        id.StartsWith(Prefix, StringComparison.Ordinal) && long.TryParse(id.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : null;
}
