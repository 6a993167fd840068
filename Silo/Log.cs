namespace Fairway.Silo;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The registry's grain could not be woken after the silo {Silo} died; the next renewal of a Gateway wakes it.")]
    public static partial void NotWoken(this ILogger logger, string silo, Exception failure);

    [LoggerMessage(2, LogLevel.Information, "Leaving the cluster: not ready from now on, and stopping in {Seconds} s.")]
    public static partial void Leaving(this ILogger logger, double seconds);

    [LoggerMessage(4, LogLevel.Debug, "A process could not be offered a job")]
    public static partial void NotOffered(this ILogger logger, Exception failure);

    [LoggerMessage(5, LogLevel.Debug, "No process has room for the job of version {Version}; it waits in the database")]
    public static partial void NobodyHasRoom(this ILogger logger, long version);

    [LoggerMessage(6, LogLevel.Warning, "The stream of jobs {Partition} failed; what it had is found in the database")]
    public static partial void StreamFailed(this ILogger logger, string partition, Exception failure);

    [LoggerMessage(3, LogLevel.Warning, "The membership table cannot be read yet; the silo waits for the registry: {Reason}")]
    public static partial void WaitingForRegistry(this ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Warning, "The silo leaves without a word in the membership table, as the registry is away: {Reason}")]
    public static partial void LeavingWithoutRegistry(this ILogger logger, string reason);
}
