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
}
