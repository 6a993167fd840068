using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.RabbitMq;

/// <summary>Nothing of a message's content is ever logged, and no user or password of the broker.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Link}: connected to the broker at {Endpoint}")]
    public static partial void Connected(this ILogger logger, string link, string endpoint);

    [LoggerMessage(2, LogLevel.Warning, "{Link}: the broker is away ({Reason}); next attempt in {Wait}")]
    public static partial void Away(this ILogger logger, string link, string reason, TimeSpan wait);

    [LoggerMessage(3, LogLevel.Warning, "Queue {Queue} exists with other settings; it is used as it is: {Reason}")]
    public static partial void DeclaredOtherwise(this ILogger logger, string queue, string reason);

    [LoggerMessage(4, LogLevel.Error, "{Link}: a delivery could not be handled; it is given back")]
    public static partial void HandlerFailed(this ILogger logger, string link, Exception error);

    [LoggerMessage(10, LogLevel.Warning, "Message {Id} of {Queue} failed in attempt {Attempt}")]
    public static partial void MessageFailed(this ILogger logger, string id, string queue, int attempt, Exception error);

    [LoggerMessage(11, LogLevel.Debug, "{Queue}: lanes and backlogs were not looked at: {Reason}")]
    public static partial void NotLooked(this ILogger logger, string queue, string reason);

    [LoggerMessage(12, LogLevel.Information, "{Service} takes the messages of topic {Topic} that wait for lane {Lane}")]
    public static partial void StandsIn(this ILogger logger, string service, string topic, string lane);

    [LoggerMessage(13, LogLevel.Information, "{Service} leaves the messages of topic {Topic} to lane {Lane} again")]
    public static partial void StandsBack(this ILogger logger, string service, string topic, string lane);

    [LoggerMessage(20, LogLevel.Warning, "The outbox is not relayed: {Reason}; next attempt in {Wait}")]
    public static partial void NotRelayed(this ILogger logger, string reason, TimeSpan wait);

    [LoggerMessage(14, LogLevel.Warning, "{Queue}: alarm {Alarm}; {Waiting} messages wait, {Consumers} consume")]
    public static partial void Alarm(this ILogger logger, string queue, Lanes.GroupAlarm alarm, uint waiting, uint consumers);
}
