namespace Fairway.Gateway.Generation;

/// <summary>Nothing of what users or models say, and no key, is ever logged here.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Model {Model} refused a call: HTTP {Status}")]
    public static partial void ModelRefused(this ILogger logger, string model, int status);

    [LoggerMessage(2, LogLevel.Warning, "Model {Model} cannot be reached: {Error}")]
    public static partial void ModelUnreachable(this ILogger logger, string model, HttpRequestError error);

    [LoggerMessage(3, LogLevel.Error, "Version {Version}, attempt {Attempt}: the model call failed in an unexpected way")]
    public static partial void CallFailed(this ILogger logger, long version, int attempt, Exception error);

    [LoggerMessage(4, LogLevel.Warning, "Version {Version}, attempt {Attempt} could not be brought to an end and is delivered again")]
    public static partial void Abandoned(this ILogger logger, long version, int attempt, Exception error);

    [LoggerMessage(5, LogLevel.Warning, "Version {Version}: frames could not be stored; they are sent again")]
    public static partial void AppendFailed(this ILogger logger, long version, Exception error);

    [LoggerMessage(6, LogLevel.Information, "{Jobs} answers had not come to their end when this process had to stop; they are delivered again")]
    public static partial void Drained(this ILogger logger, int jobs);

    [LoggerMessage(7, LogLevel.Warning, "{Jobs} jobs of one user that the last process left behind are not restored before calls are served")]
    public static partial void NotRestored(this ILogger logger, int jobs, Exception error);
}
