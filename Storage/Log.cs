namespace Fairway.Storage;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{File} ended in a torn record, as after a crash in mid-write; {Bytes} bytes were cut off")]
    public static partial void TailCut(this ILogger logger, string file, long bytes);

    [LoggerMessage(2, LogLevel.Error, "{File} could not be compacted; it grows until that works")]
    public static partial void NotCompacted(this ILogger logger, string file, Exception error);
}
