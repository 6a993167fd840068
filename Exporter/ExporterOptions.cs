using System.Net;
using Fairway.Core.Directory;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter;

/// <summary>Section <c>Exporter</c> of the configuration.</summary>
public sealed class ExporterOptions
{
    public const string Section = "Exporter";

    /// <summary>Name under <c>exporters/</c> and in status keys; <c>--id</c>. Default: made up at each start.</summary>
    public string Id { get; set; } = $"exporter-{Guid.NewGuid():N}"[..17];

    /// <summary>Address that <c>/metrics</c> is served on; <c>--listen</c>. Default 127.0.0.1.</summary>
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>Port that <c>/metrics</c> is served on; <c>--port</c>. Default 0: a free one.</summary>
    public int Port { get; set; }

    /// <summary>Life of the exporter's lease in seconds, 5 to 10. Default 8.</summary>
    public int LeaseSeconds { get; set; } = 8;

    /// <summary>Between two checks of an instance. Default 500 ms.</summary>
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a check may take. Default 500 ms.</summary>
    public TimeSpan CheckDeadline { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Mean wait before a failed check is repeated, give or take a half. Default 100 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The interval of load reports that is asked for. Default 1 s.</summary>
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Between two ordinary puts of a service's status. Default 1 s.</summary>
    public TimeSpan PutInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A file to record samples in for <c>fit</c>, written anew at each start; <c>--record</c>. Default none.</summary>
    public string? Record { get; set; }

    /// <summary>The registry's history older than this is compacted, by one of the exporters. Default 5 min.</summary>
    public TimeSpan KeepHistory { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Between two compactions. Default 1 min.</summary>
    public TimeSpan CompactInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Checks under way at once. One that waits for its turn is late, not failed. Default 1024.</summary>
    public int MaxConcurrentChecks { get; set; } = 1024;
}

/// <summary>Refuses at start what could only misbehave later.</summary>
internal sealed class ExporterOptionsValidator : IValidateOptions<ExporterOptions>
{
    public ValidateOptionsResult Validate(string? name, ExporterOptions options)
    {
        var failures = new List<string>();
        Require(Names.IsValid(options.Id), "Id must be 1-128 of A-Za-z0-9._-");
        Require(options.Id != StatusBatch.HttpExporter, $"Id '{StatusBatch.HttpExporter}' is taken by statuses posted over HTTP");
        Require(IPAddress.TryParse(options.Listen, out _), $"Listen must be an IP address, not '{options.Listen}'");
        Require(options.Port is >= 0 and <= 65535, "Port must be 0 to 65535");
        Require(options.LeaseSeconds is >= 5 and <= 10, "LeaseSeconds must be 5 to 10");
        Require(options.MaxConcurrentChecks > 0, "MaxConcurrentChecks must be positive");
        RequireSpan(options.CheckInterval, nameof(options.CheckInterval));
        RequireSpan(options.CheckDeadline, nameof(options.CheckDeadline));
        RequireSpan(options.RetryDelay, nameof(options.RetryDelay));
        RequireSpan(options.ReportInterval, nameof(options.ReportInterval));
        RequireSpan(options.PutInterval, nameof(options.PutInterval));
        RequireSpan(options.CompactInterval, nameof(options.CompactInterval));
        Require(options.KeepHistory >= TimeSpan.FromSeconds(1) && options.KeepHistory <= TimeSpan.FromDays(1), "KeepHistory must be 1 s to 1 day");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void RequireSpan(TimeSpan span, string what) => Require(
            span >= TimeSpan.FromMilliseconds(10) && span <= TimeSpan.FromMinutes(1), $"{what} must be 10 ms to 1 min");

        void Require(bool holds, string message)
        {
            if (!holds)
            {
                failures.Add($"{ExporterOptions.Section}: {message}.");
            }
        }
    }
}
