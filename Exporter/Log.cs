using Fairway.Core.Directory;
using Fairway.Registry;

namespace Fairway.Exporter;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Service}/{Instance} is {Life}. {Why}")]
    public static partial void LifeChanged(ILogger logger, string service, string instance, Life life, string why);

    [LoggerMessage(2, LogLevel.Warning, "{Service}/{Instance} is not probed: {Reason}.")]
    public static partial void NotProbed(ILogger logger, string service, string instance, string reason);

    [LoggerMessage(3, LogLevel.Warning, "The value of {Key} is no instance record; the last good one stands.")]
    public static partial void NotARecord(ILogger logger, string key);

    [LoggerMessage(4, LogLevel.Warning, "The status of {Service} was not put ({Error}), the next tick tries again: {Message}")]
    public static partial void PutFailed(ILogger logger, string service, RegistryError error, string message);

    [LoggerMessage(5, LogLevel.Warning, "This exporter is not registered yet ({Error}): {Message}")]
    public static partial void NotRegistered(ILogger logger, RegistryError error, string message);

    [LoggerMessage(6, LogLevel.Error, "A check of {Address} failed in a way that it should not.")]
    public static partial void CheckBroken(ILogger logger, Uri address, Exception cause);

    [LoggerMessage(7, LogLevel.Information, "{Count} exporters share the instances: {Ids}")]
    public static partial void Shared(ILogger logger, int count, string ids);

    [LoggerMessage(8, LogLevel.Debug, "The registry's history up to revision {Revision} was compacted.")]
    public static partial void Compacted(ILogger logger, long revision);

    [LoggerMessage(9, LogLevel.Warning, "The registry's history was not compacted ({Error}), the next turn tries again: {Message}")]
    public static partial void NotCompacted(ILogger logger, RegistryError error, string message);
}
