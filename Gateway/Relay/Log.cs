namespace Fairway.Gateway.Relay;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The relayed answer {Version} could not be freed at its end; it is tried again")]
    public static partial void NotFreed(this ILogger logger, long version, Exception error);
}
