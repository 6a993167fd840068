using Microsoft.Extensions.Logging;

namespace Fairway.Registry;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "etcd at {Endpoint} failed ({Reason}); {Next} is asked next.")]
    public static partial void FailedOver(ILogger logger, Uri endpoint, string reason, Uri next);

    [LoggerMessage(2, LogLevel.Debug, "Authenticated at etcd as {User}.")]
    public static partial void Authenticated(ILogger logger, string user);

    [LoggerMessage(3, LogLevel.Warning, "Reading the registry broke off; trying again in {DelayMs} ms: {Reason}")]
    public static partial void WatchLost(ILogger logger, long delayMs, string reason);

    [LoggerMessage(4, LogLevel.Information, "Listed {Entries} registry entries under {Prefix} at revision {Revision}.")]
    public static partial void Listed(ILogger logger, int entries, string prefix, long revision);

    [LoggerMessage(5, LogLevel.Warning, "The registry was restored or replaced: cluster {ClusterId:x} at revision {Revision}, before {LastClusterId:x} at {LastRevision}.")]
    public static partial void Restored(ILogger logger, ulong clusterId, long revision, ulong lastClusterId, long lastRevision);

    [LoggerMessage(6, LogLevel.Warning, "The lease {Lease:x} is lost; its {Keys} keys will be put on a new one.")]
    public static partial void LeaseLost(ILogger logger, long lease, int keys);

    [LoggerMessage(7, LogLevel.Information, "The lease {Lease:x} was granted; {Keys} keys hang on it.")]
    public static partial void LeaseGranted(ILogger logger, long lease, int keys);

    [LoggerMessage(8, LogLevel.Warning, "The lease cannot be kept alive now: {Reason}")]
    public static partial void LeaseUnreachable(ILogger logger, string reason);

    [LoggerMessage(9, LogLevel.Warning, "A listener of the lease failed.")]
    public static partial void LeaseListenerFailed(ILogger logger, Exception cause);

    [LoggerMessage(10, LogLevel.Warning, "The registry lacks {Key}, which was put before it came back; it is put again.")]
    public static partial void KeyForgotten(ILogger logger, string key);
}
