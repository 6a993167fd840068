using System.Globalization;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Streams;

/// <summary>The id of the last frame that a reader has: <c>{version}:{offset}</c>.</summary>
public readonly record struct Position(long Version, int Offset)
{
    /// <summary>The header <c>Last-Event-ID</c>, else <c>?after=</c>; null when the reader has nothing yet.</summary>
    /// <exception cref="ApiException"><c>BAD_POSITION</c>: it is no id.</exception>
    public static Position? Read(HttpRequest request)
    {
        var header = request.Headers["Last-Event-ID"].ToString();
        if (header.Length == 0 && !request.Query.ContainsKey("after"))
        {
            return null;
        }

        return Parse(header.Length > 0 ? header : request.Query["after"].ToString())
            ?? throw Bad("is no id of a frame: {version}:{offset}");
    }

    /// <summary>The refusal of a position that no frame can have given.</summary>
    public static ApiException Bad(string why) => new(400, "BAD_POSITION", $"The position {why}.");

    private static Position? Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0
            && long.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                ? new Position(version, offset)
                : null;
    }
}
