using Microsoft.Extensions.Logging;

namespace Fairway.Sdk;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Registered {Service}/{Id} at {Address}, probe {ProbeAddress}, lane '{Lane}'")]
    public static partial void Registered(this ILogger logger, string service, string id, string address, string? probeAddress, string lane);

    [LoggerMessage(2, LogLevel.Warning, "The registry is away; {Service}/{Id} is not registered and tries again: {Reason}")]
    public static partial void RegistryAway(this ILogger logger, string service, string id, string reason);

    [LoggerMessage(3, LogLevel.Error, "{Code}: {Service}/{Id} is refused and serves unfound: {Reason}")]
    public static partial void Refused(this ILogger logger, string code, string service, string id, string reason);

    [LoggerMessage(4, LogLevel.Information, "Draining {Service}/{Id}: routers have {Seconds} s to see it")]
    public static partial void Draining(this ILogger logger, string service, string id, double seconds);

    [LoggerMessage(5, LogLevel.Warning, "{InFlight} requests still run after {Seconds} s of draining")]
    public static partial void DrainedLate(this ILogger logger, long inFlight, double seconds);

    [LoggerMessage(6, LogLevel.Information, "Deregistered {Service}/{Id}")]
    public static partial void Left(this ILogger logger, string service, string id);

    [LoggerMessage(7, LogLevel.Warning, "{Service}/{Id} could not tell the registry that it leaves; its lease will lapse: {Reason}")]
    public static partial void LeftUncleanly(this ILogger logger, string service, string id, string reason);

    [LoggerMessage(8, LogLevel.Information, "Registration is switched off for {Service}/{Id}, listening at {Address}")]
    public static partial void RegistrationOff(this ILogger logger, string service, string id, string? address);

    [LoggerMessage(9, LogLevel.Information, "Made lane {Lane}, owned by {Owner}, for {Seconds} s")]
    public static partial void LaneMade(this ILogger logger, string lane, string owner, int seconds);

    [LoggerMessage(10, LogLevel.Warning, "Gateway {Gateway} gives no lists, what is known stands: {Reason}")]
    public static partial void GatewayAway(this ILogger logger, Uri gateway, string reason);

    [LoggerMessage(11, LogLevel.Information, "Lists are read from {Gateway} again")]
    public static partial void GatewayBack(this ILogger logger, Uri gateway);

    [LoggerMessage(12, LogLevel.Warning, "Put {Service}/{Id} at {Address} out for failing this process")]
    public static partial void InstanceEjected(this ILogger logger, string service, string id, string address);

    [LoggerMessage(20, LogLevel.Information, "Read configuration namespace {Namespace}, version {Version}: {Count} values")]
    public static partial void ConfigRead(this ILogger logger, string @namespace, string version, int count);

    [LoggerMessage(21, LogLevel.Warning, "Configuration namespace {Namespace} cannot be read from {Provider}, what is known stands: {Code}, {Reason}")]
    public static partial void ConfigUnread(this ILogger logger, string @namespace, string provider, string code, string reason);

    [LoggerMessage(22, LogLevel.Information, "Configuration comes from {Provider} from now on")]
    public static partial void ConfigProviderSwitched(this ILogger logger, string provider);

    [LoggerMessage(23, LogLevel.Warning, "Starting with configuration namespace {Namespace} as it was kept, version {Version}")]
    public static partial void ConfigStartsStale(this ILogger logger, string @namespace, string version);

    [LoggerMessage(24, LogLevel.Warning, "The last good values of configuration namespace {Namespace} cannot be kept: {Reason}")]
    public static partial void ConfigNotKept(this ILogger logger, string @namespace, string reason);

    [LoggerMessage(25, LogLevel.Information, "{Service}/{Id} is base from now on: a release has made its lane so")]
    public static partial void Promoted(this ILogger logger, string service, string id);

    [LoggerMessage(26, LogLevel.Warning, "Work beside requests still runs after {Seconds} s of draining")]
    public static partial void OthersDrainedLate(this ILogger logger, double seconds);
}
