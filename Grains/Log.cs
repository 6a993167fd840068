using Microsoft.Extensions.Logging;

namespace Fairway.Grains;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Directory {Epoch} begins: revision {Revision}, {Services} services, {Instances} instances")]
    public static partial void DirectoryListed(this ILogger logger, string epoch, long revision, int services, int instances);

    [LoggerMessage(2, LogLevel.Warning, "The registry is another one or was set back; directory {Epoch} begins")]
    public static partial void EpochChanged(this ILogger logger, string epoch);

    [LoggerMessage(3, LogLevel.Warning, "The registry is away; the last known directory stands")]
    public static partial void BecameStale(this ILogger logger);

    [LoggerMessage(4, LogLevel.Information, "The registry is back; the directory is current again")]
    public static partial void BecameCurrent(this ILogger logger);

    [LoggerMessage(5, LogLevel.Warning, "Registry entry {Key} cannot be read and is ignored")]
    public static partial void MalformedEntry(this ILogger logger, string key);

    [LoggerMessage(6, LogLevel.Error, "The watch ended in an unexpected error and begins again")]
    public static partial void WatchFailed(this ILogger logger, Exception exception);

    [LoggerMessage(7, LogLevel.Information, "Gateway {Gateway} subscribed")]
    public static partial void GatewaySubscribed(this ILogger logger, string gateway);

    [LoggerMessage(8, LogLevel.Information, "Gateway {Gateway} left")]
    public static partial void GatewayLeft(this ILogger logger, string gateway);

    [LoggerMessage(9, LogLevel.Warning, "Gateway {Gateway} did not renew and is dropped")]
    public static partial void GatewayLapsed(this ILogger logger, string gateway);

    [LoggerMessage(10, LogLevel.Warning, "Service {Service} could not be told of a change; it will be told to ask for the whole")]
    public static partial void ServiceUpdateFailed(this ILogger logger, Exception exception, string service);

    [LoggerMessage(11, LogLevel.Debug, "A push to an observer failed; it will pull when it renews")]
    public static partial void PushFailed(this ILogger logger, Exception exception);

    [LoggerMessage(12, LogLevel.Debug, "Service {Service} reads its whole input: held {Epoch} {Held}, given {Given}")]
    public static partial void ServicePulled(this ILogger logger, string service, string epoch, long held, long given);

    [LoggerMessage(13, LogLevel.Warning, "The keys of ended lane {Lane} could not be removed from the registry")]
    public static partial void LaneNotSwept(this ILogger logger, Exception exception, string lane);

    [LoggerMessage(14, LogLevel.Error, "Streams of one user could not be saved; their readers will be told that they are interrupted")]
    public static partial void StreamsNotSaved(this ILogger logger, Exception exception);

    [LoggerMessage(15, LogLevel.Error, "Saved streams of one user could not be read; they are left behind")]
    public static partial void StreamsNotTaken(this ILogger logger, Exception exception);

    [LoggerMessage(16, LogLevel.Warning, "The answer {Version} has come to its end and could not be kept; it is lost if this process dies before its user has it")]
    public static partial void AnswerNotKept(this ILogger logger, long version, Exception exception);

    [LoggerMessage(17, LogLevel.Warning, "The answer {Version} could not be forgotten; it may come back once, and expires")]
    public static partial void AnswerNotForgotten(this ILogger logger, long version, Exception exception);

    [LoggerMessage(18, LogLevel.Warning, "What one user's grain held before cannot be read yet; it is asked for again")]
    public static partial void StreamsNotTakenYet(this ILogger logger, Exception exception);
}
