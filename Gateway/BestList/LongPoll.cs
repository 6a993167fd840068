using System.Globalization;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.BestList;

/// <summary>What a reader of a list says it has and how long it is willing to wait for news.</summary>
/// <param name="Since">The version it holds; null when it asks for the list as it is.</param>
/// <param name="Wait">How long to wait for another version; zero answers at once.</param>
public readonly record struct LongPoll(string? Since, TimeSpan Wait)
{
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(60);

    /// <summary>Reads <c>since</c> and <c>wait</c> (<c>&lt;n&gt;s</c> or <c>&lt;n&gt;ms</c>); anything else is <c>BAD_WAIT</c>.</summary>
    public static LongPoll Read(string? since, string? wait) =>
        new(string.IsNullOrEmpty(since) ? null : since, wait is null ? TimeSpan.Zero : ReadWait(wait));

    private static TimeSpan ReadWait(string wait)
    {
        var unit = wait.EndsWith("ms", StringComparison.Ordinal) ? 2 : wait.EndsWith('s') ? 1 : 0;
        if (unit == 0
            || !long.TryParse(wait.AsSpan(0, wait.Length - unit), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count > (unit == 1 ? 60 : 60_000))
        {
            throw new ApiException(400, "BAD_WAIT", "'wait' is <n>s or <n>ms, at most 60s.");
        }

        return unit == 1 ? TimeSpan.FromSeconds(count) : TimeSpan.FromMilliseconds(count);
    }
}
