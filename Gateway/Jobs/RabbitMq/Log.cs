namespace Fairway.Gateway.Jobs.RabbitMq;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "A message in {Queue} is no job; it goes to the dead letters")]
    public static partial void Malformed(this ILogger logger, string queue);

    [LoggerMessage(2, LogLevel.Error, "Version {Version} could not be brought to an end in {Attempts} attempts here; its job goes to the dead letters")]
    public static partial void GivenUp(this ILogger logger, long version, int attempts);

    [LoggerMessage(6, LogLevel.Debug, "Queues of jobs were not looked at: {Reason}")]
    public static partial void NotLooked(this ILogger logger, string reason);
}
