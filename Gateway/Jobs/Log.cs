namespace Fairway.Gateway.Jobs;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Jobs} jobs of the last run are delivered again")]
    public static partial void Redelivered(this ILogger logger, int jobs);
}
