namespace Fairway.Gateway.Jobs.Shared;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The job of version {Version} could not be taken now; whoever has room finds it")]
    public static partial void NotTaken(this ILogger logger, long version, Exception error);

    [LoggerMessage(2, LogLevel.Warning, "The database of jobs does not answer; posts are refused until it does")]
    public static partial void NotBeaten(this ILogger logger, Exception error);

    [LoggerMessage(3, LogLevel.Warning, "Streams or the database did not hear of this process's jobs; who has room finds them")]
    public static partial void NotTold(this ILogger logger, Exception error);

    [LoggerMessage(4, LogLevel.Warning, "No silo tells this process of jobs; it finds them later by looking. Is Jobs:OrleansStreams:Provider set at all silos?")]
    public static partial void NotAttached(this ILogger logger, Exception error);
}
