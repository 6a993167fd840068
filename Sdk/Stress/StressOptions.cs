using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Stress;

/// <summary>Section <c>Stress</c>: what stands in for what while a stress test's requests are served.</summary>
public sealed class StressOptions
{
    public const string Section = "Stress";

    /// <summary>The configuration namespace of the rules, one key a service. Default <c>stress</c>.</summary>
    public string Namespace { get; set; } = "stress";

    /// <summary>Stands before the keys of a shadowed cache. Default <c>shadow:</c>.</summary>
    public string CachePrefix { get; set; } = "shadow:";

    /// <summary>Topics and their shadows (<c>Stress:Topics:{topic}</c>).</summary>
    public Dictionary<string, string> Topics { get; set; } = [];
}

internal sealed class StressOptionsValidator : IValidateOptions<StressOptions>
{
    public ValidateOptionsResult Validate(string? name, StressOptions options)
    {
        List<string> failures = [];
        if (string.IsNullOrEmpty(options.CachePrefix))
        {
            failures.Add($"BAD_FIELD: {StressOptions.Section}:CachePrefix is empty; a stress test would write the cache itself.");
        }

        foreach (var (topic, shadow) in options.Topics.Where(pair => string.IsNullOrEmpty(pair.Value) || pair.Key == pair.Value))
        {
            failures.Add($"BAD_FIELD: {StressOptions.Section}:Topics:{topic} is '{shadow}'; a shadow is another topic.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
