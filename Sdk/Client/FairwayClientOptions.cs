using Fairway.Core.Balancing;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Client;

/// <summary>How this process calls other services: configuration section <c>Fairway:Client</c>, checked at start.</summary>
public sealed class FairwayClientOptions
{
    public const string Section = "Fairway:Client";

    /// <summary>
    /// Gateways to read lists from (<c>http://host:8080</c>), in the order of preference; others are learnt from their answers. The
    /// environment variable <c>FAIRWAY_GATEWAYS</c> (comma separated) wins over the section.
    /// </summary>
    public string[] Gateways { get; set; } = [];

    /// <summary>A registrar key for gateways that are not on this machine. Default none.</summary>
    public string? ReadKey { get; set; }

    /// <summary>The zone to be preferred. Default: <c>Fairway:Zone</c>.</summary>
    public string Zone { get; set; } = "";

    /// <summary>How often one request is sent at most, the first time included, 1-10. Default 3.</summary>
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Retries for each request, 0-1. Default 0.2.</summary>
    public double RetryShare { get; set; } = 0.2;

    /// <summary>Retries a second that are always granted. Default 3.</summary>
    public double RetriesPerSecond { get; set; } = 3;

    /// <summary>How long one attempt may take until its response's headers, in seconds; 0 is unlimited. Default 0.</summary>
    public double AttemptTimeoutSeconds { get; set; }

    /// <summary>Failures in a row that put an instance out for this process. Default 3.</summary>
    public int EjectAfterFailures { get; set; } = 3;

    /// <summary>For how long, the first time, in seconds. Default 5.</summary>
    public double EjectSeconds { get; set; } = 5;

    /// <summary>The most of a service's instances that may be put out at once for their answers, 0-1. Default 0.5.</summary>
    public double MaxEjectedShare { get; set; } = 0.5;

    /// <summary>How long the first requests wait for the first list, in seconds. Default 5.</summary>
    public double FirstListSeconds { get; set; } = 5;

    /// <summary>How long a gateway is asked to wait for news, in seconds, 1-60. Default 30.</summary>
    public double PollSeconds { get; set; } = 30;

    internal CallerOptions Caller() => new()
    {
        Zone = Zone,
        Ejection = new PassiveEjectionOptions
        {
            Failures = EjectAfterFailures,
            Duration = TimeSpan.FromSeconds(EjectSeconds),
            MaxDuration = TimeSpan.FromSeconds(Math.Max(EjectSeconds, 60)),
            MaxShare = MaxEjectedShare,
        },
        Retries = new RetryBudgetOptions { Share = RetryShare, PerSecond = RetriesPerSecond },
    };
}

/// <summary>Refuses settings that could only fail later.</summary>
internal sealed class FairwayClientOptionsValidator : IValidateOptions<FairwayClientOptions>
{
    public ValidateOptionsResult Validate(string? name, FairwayClientOptions options)
    {
        List<string> failures = [];
        if (options.Gateways.Length == 0)
        {
            failures.Add($"BAD_FIELD: {FairwayClientOptions.Section}:Gateways is empty, so there is nowhere to read lists from. Set it or the variable FAIRWAY_GATEWAYS (http://host:8080).");
        }

        foreach (var gateway in options.Gateways.Where(gateway => !IsHttp(gateway)))
        {
            failures.Add($"BAD_FIELD: {FairwayClientOptions.Section}:Gateways has '{gateway}', which is no http or https address.");
        }

        Check(options.MaxAttempts is >= 1 and <= 10, nameof(options.MaxAttempts), options.MaxAttempts, "1-10");
        Check(options.RetryShare is >= 0 and <= 1, nameof(options.RetryShare), options.RetryShare, "0-1");
        Check(options.RetriesPerSecond is >= 0 and <= 10_000, nameof(options.RetriesPerSecond), options.RetriesPerSecond, "0-10000");
        Check(options.AttemptTimeoutSeconds is >= 0 and <= 3_600, nameof(options.AttemptTimeoutSeconds), options.AttemptTimeoutSeconds, "0-3600");
        Check(options.EjectAfterFailures is >= 1 and <= 1_000, nameof(options.EjectAfterFailures), options.EjectAfterFailures, "1-1000");
        Check(options.EjectSeconds is > 0 and <= 3_600, nameof(options.EjectSeconds), options.EjectSeconds, "over 0 up to 3600");
        Check(options.MaxEjectedShare is >= 0 and <= 1, nameof(options.MaxEjectedShare), options.MaxEjectedShare, "0-1");
        Check(options.FirstListSeconds is >= 0 and <= 300, nameof(options.FirstListSeconds), options.FirstListSeconds, "0-300");
        Check(options.PollSeconds is >= 1 and <= 60, nameof(options.PollSeconds), options.PollSeconds, "1-60");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Check(bool holds, string field, double value, string range)
        {
            if (!holds)
            {
                failures.Add($"BAD_FIELD: {FairwayClientOptions.Section}:{field} is {value}; it is {range}.");
            }
        }
    }

    private static bool IsHttp(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}
