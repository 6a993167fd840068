using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Jobs;

/// <summary>How much work is taken at once. Configuration section <c>Streams</c>.</summary>
public sealed class JobOptions
{
    public const string Section = "Streams";

    /// <summary>Jobs that may wait; the next post is 429 <c>QUEUE_FULL</c>. Default 1024.</summary>
    public int QueueLength { get; set; } = 1024;

    /// <summary>Model calls of this process at once. Default 64.</summary>
    public int MaxConcurrent { get; set; } = 64;

    /// <summary>Seconds that running answers have to come to their end when the process stops. Default 5.</summary>
    public double DrainSeconds { get; set; } = 5;
}

internal sealed class JobOptionsValidator : IValidateOptions<JobOptions>
{
    public ValidateOptionsResult Validate(string? name, JobOptions options)
    {
        List<string> failures = [];
        Check(options.QueueLength is >= 1 and <= 1_000_000, nameof(options.QueueLength), options.QueueLength, "1 to 1,000,000");
        Check(options.MaxConcurrent is >= 1 and <= 100_000, nameof(options.MaxConcurrent), options.MaxConcurrent, "1 to 100,000");
        Check(options.DrainSeconds is >= 0 and <= 3600, nameof(options.DrainSeconds), options.DrainSeconds, "0 to 3600");
        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;

        void Check(bool holds, string field, double value, string rule)
        {
            if (!holds)
            {
                failures.Add($"{JobOptions.Section}:{field} is {value}; it must be {rule}.");
            }
        }
    }
}
