namespace Fairway.Gateway.Jobs;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Jobs} jobs of the last run are delivered again")]
    public static partial void Redelivered(this ILogger logger, int jobs);

    [LoggerMessage(2, LogLevel.Warning, "The ledger of jobs does not answer; a job waits for it")]
    public static partial void LedgerAway(this ILogger logger, Exception error);
}
