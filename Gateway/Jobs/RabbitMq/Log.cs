namespace Fairway.Gateway.Jobs.RabbitMq;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "A message in {Queue} is no job; it goes to the dead letters")]
    public static partial void Malformed(this ILogger logger, string queue);

    [LoggerMessage(2, LogLevel.Error, "Version {Version} could not be brought to an end in {Attempts} attempts here; its job goes to the dead letters")]
    public static partial void GivenUp(this ILogger logger, long version, int attempts);

    [LoggerMessage(4, LogLevel.Warning, "This process's workers are not registered in lane {Lane}, whose jobs base or nobody runs: {Code} {Reason}")]
    public static partial void NotInLane(this ILogger logger, string lane, string code, string reason);

    [LoggerMessage(5, LogLevel.Information, "{Service}/{Id} takes the jobs of lane {Lane}")]
    public static partial void InLane(this ILogger logger, string service, string id, string lane);

    [LoggerMessage(6, LogLevel.Debug, "Queues of jobs were not looked at: {Reason}")]
    public static partial void NotLooked(this ILogger logger, string reason);
}
