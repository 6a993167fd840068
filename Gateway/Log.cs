namespace Fairway.Gateway;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger logger, string method, string path, Exception error);

    [LoggerMessage(2, LogLevel.Warning, "The registry failed a call to {Path}")]
    public static partial void RegistryFailed(ILogger logger, string path, Exception error);

    [LoggerMessage(3, LogLevel.Warning, "The directory did not answer the renewal; lists are marked stale")]
    public static partial void RenewFailed(ILogger logger, Exception error);

    [LoggerMessage(4, LogLevel.Information, "Did not see revision {Revision} in time; it will show later")]
    public static partial void CatchUpFailed(ILogger logger, long revision, Exception error);

    [LoggerMessage(5, LogLevel.Debug, "Could not end the subscription; it lapses by itself")]
    public static partial void LeaveFailed(ILogger logger, Exception error);

    [LoggerMessage(6, LogLevel.Warning, "Gateway {Id} is not entered in the registry yet")]
    public static partial void NotEntered(ILogger logger, string id, Exception error);

    [LoggerMessage(7, LogLevel.Warning, "A stream could not be pulled from its grain; the next renewal tries again")]
    public static partial void StreamPullFailed(ILogger logger, Exception error);

    [LoggerMessage(8, LogLevel.Warning, "Edge {Id} is not entered in the registry yet")]
    public static partial void EdgeNotEntered(ILogger logger, string id, Exception error);

    [LoggerMessage(20, LogLevel.Information, "{File} registers {Count} instances")]
    public static partial void ServicesFileRead(ILogger logger, string file, int count);

    [LoggerMessage(21, LogLevel.Error, "SERVICES_FILE_INVALID: {File} is not taken, the last good one stands: {Code} {Reason}")]
    public static partial void ServicesFileInvalid(ILogger logger, string file, string code, string reason);

    [LoggerMessage(22, LogLevel.Error, "SERVICES_FILE_ENTRY: {Service}/{Instance} of the services file is not as the file has it, it is tried again: {Reason}")]
    public static partial void ServicesFileEntry(ILogger logger, string service, string instance, string reason);

    [LoggerMessage(30, LogLevel.Information, "Release of {Service} to {Version}: {Phase}, paused {Paused} {Reason}")]
    public static partial void ReleaseMoved(ILogger logger, string service, string version, Core.Releases.ReleasePhase phase, bool paused, string reason);

    [LoggerMessage(31, LogLevel.Error, "EXECUTOR_FAILED: {Service} in lane '{Lane}' could not be brought to {Count} instances, its release pauses: {Reason}")]
    public static partial void ExecutorFailed(ILogger logger, string service, string lane, int count, string reason);

    [LoggerMessage(32, LogLevel.Warning, "Releases wait for the registry: {Reason}")]
    public static partial void ReleasesWait(ILogger logger, string reason);

    [LoggerMessage(21, LogLevel.Debug, "Gave {MiB} MiB back while idle; all else stood still for {Milliseconds} ms")]
    public static partial void MemoryTrimmed(ILogger logger, long miB, long milliseconds);
}
