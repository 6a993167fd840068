using System.Diagnostics.Metrics;

namespace Fairway.Gateway.Operator;

/// <summary>Writes down who changed what, why and when: log category <c>Fairway.Audit</c>, and a counter.</summary>
public sealed partial class Audit
{
    public const string Category = "Fairway.Audit";

    private readonly ILogger _logger;
    private readonly Counter<long> _changes;
    private readonly TimeProvider _clock;

    public Audit(ILoggerFactory loggers, IMeterFactory meters, TimeProvider clock)
    {
        _logger = loggers.CreateLogger(Category);
        _clock = clock;
        _changes = meters.Create("Fairway.Operator").CreateCounter<long>(
            "fairway_operator_changes_total", description: "Changes by operators, by kind and action.");
    }

    public void Changed(HttpContext context, string action, OperatorKey key, string? author, string? reason)
    {
        Changed(_logger, key.Kind, key.Target, action, author ?? "unnamed", reason ?? "", _clock.GetUtcNow(), context.Connection.RemoteIpAddress?.ToString());
        _changes.Add(1, new("action", action), new KeyValuePair<string, object?>("kind", key.Kind.Replace(' ', '_')));
    }

    [LoggerMessage(100, LogLevel.Information, "{Kind} of {Target} {Action} by {Author} at {At:O} from {Remote}: {Reason}")]
    private static partial void Changed(
        ILogger logger, string kind, string target, string action, string author, string reason, DateTimeOffset at, string? remote);
}
