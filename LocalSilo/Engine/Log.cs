using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The one-way call {Method} to {Grain} threw.")]
    public static partial void OneWayThrew(ILogger logger, MethodDescriptor method, GrainId grain, Exception exception);

    [LoggerMessage(2, LogLevel.Error, "{Grain} could not be activated.")]
    public static partial void ActivationFailed(ILogger logger, GrainId grain, Exception exception);

    [LoggerMessage(3, LogLevel.Error, "{Grain} threw while it was deactivated.")]
    public static partial void DeactivationFailed(ILogger logger, GrainId grain, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "A timer of {Grain} threw. It goes on.")]
    public static partial void TimerThrew(ILogger logger, GrainId grain, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "{Method} to {Grain} had no answer within {Timeout}.")]
    public static partial void TimedOut(ILogger logger, MethodDescriptor method, GrainId grain, TimeSpan timeout);

    [LoggerMessage(6, LogLevel.Warning, "The observer {Observer} is gone; {Method} is dropped.")]
    public static partial void ObserverGone(ILogger logger, GrainId observer, MethodDescriptor method);

    [LoggerMessage(7, LogLevel.Information, "The local engine runs {Classes} grain classes. It is one process, no cluster.")]
    public static partial void Started(ILogger logger, int classes);

    [LoggerMessage(8, LogLevel.Information, "The local engine has stopped; {Count} activations did not end in time.")]
    public static partial void Stopped(ILogger logger, int count);
}
