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

    /// <summary>A version or an offset as a Gateway prints it: one number has one spelling.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        return (text.Length == 1 || !text.StartsWith("0")) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static Position? Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && TryParse(text.AsSpan(0, colon), out var version) && TryParse(text.AsSpan(colon + 1), out var offset) && offset <= int.MaxValue
            ? new Position(version, (int)offset)
            : null;
    }
}
