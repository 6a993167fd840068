using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Memory;

/// <summary>When an idle process gives memory back. Configuration section <c>Memory</c>.</summary>
public sealed class TrimOptions
{
    public const string Section = "Memory";

    /// <summary>Seconds of next to no allocation after which garbage is collected and its memory given back, 0.5 to 3600; 0 for never. Default 1.</summary>
    public double TrimSeconds { get; set; } = 1;

    /// <summary>Bytes that must have been allocated since the last time, at least 1 MiB. Default 32 MiB.</summary>
    public long MinGarbageBytes { get; set; } = 32L << 20;

    /// <summary>A heap that was larger after the last collection is left to the runtime: the collection stops the process for 1.5 ms a MiB. Default 128 MiB.</summary>
    public long MaxHeapBytes { get; set; } = 128L << 20;

    internal TimeSpan After => TimeSpan.FromSeconds(TrimSeconds);
}

internal sealed class TrimOptionsValidator : IValidateOptions<TrimOptions>
{
    public ValidateOptionsResult Validate(string? name, TrimOptions options)
    {
        List<string> failures = [];
        Check(nameof(options.TrimSeconds), options.TrimSeconds, options.TrimSeconds is 0 or (>= 0.5 and <= 3600), "0, or 0.5 to 3600");
        Check(nameof(options.MinGarbageBytes), options.MinGarbageBytes, options.MinGarbageBytes >= 1 << 20, "at least 1 MiB");
        Check(nameof(options.MaxHeapBytes), options.MaxHeapBytes, options.MaxHeapBytes >= 0, "at least 0");
        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;

        void Check(string field, double value, bool holds, string rule)
        {
            if (!holds)
            {
                failures.Add($"{TrimOptions.Section}:{field} is {value}; it must be {rule}.");
            }
        }
    }
}
