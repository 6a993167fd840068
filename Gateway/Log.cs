namespace Fairway.Gateway;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger logger, string method, string path, Exception error);

    [LoggerMessage(2, LogLevel.Warning, "The registry failed a call to {Path}")]
    public static partial void RegistryFailed(ILogger logger, string path, Exception error);
}
