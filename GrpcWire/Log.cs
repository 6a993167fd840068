using Microsoft.Extensions.Logging;

namespace Fairway.GrpcWire;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The handler of {Path} failed; the client sees UNKNOWN.")]
    public static partial void HandlerFailed(ILogger logger, string path, Exception cause);

    [LoggerMessage(2, LogLevel.Debug, "{Path} ended with {Status}: {Detail}")]
    public static partial void CallFailed(ILogger logger, string path, GrpcStatus status, string detail);

    [LoggerMessage(3, LogLevel.Debug, "The client of {Path} is gone.")]
    public static partial void ClientGone(ILogger logger, string path);

    [LoggerMessage(4, LogLevel.Debug, "The deadline of {Path} passed.")]
    public static partial void DeadlinePassed(ILogger logger, string path);
}
