namespace Fairway.Storage.Postgres;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "PostgreSQL does not answer: {Reason}")]
    public static partial void Away(this ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Information, "PostgreSQL is ready, schema {Schema} at version {Version}")]
    public static partial void Ready(this ILogger logger, string schema, int version);

    [LoggerMessage(3, LogLevel.Information, "Schema {Schema} is brought to version {Version}")]
    public static partial void Migrating(this ILogger logger, string schema, int version);

    [LoggerMessage(4, LogLevel.Error, "A write to history is refused by PostgreSQL")]
    public static partial void WriteRefused(this ILogger logger, Exception error);

    [LoggerMessage(5, LogLevel.Warning, "What is over could not be removed from history; it is tried again")]
    public static partial void NotCleaned(this ILogger logger, Exception error);
}
