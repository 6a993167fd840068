using Fairway.Core.Lanes;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Lanes;

/// <summary>Section <c>Lanes</c>: how labels are verified, signed, and where they may go. The edge, the Gateway and services share the keys.</summary>
public sealed class LaneOptions
{
    public const string Section = "Lanes";

    /// <summary>Secrets by key id (<c>Lanes:Keys:{kid}</c>); their UTF-8 bytes are the keys. Without any, every label that comes in is refused and none leaves.</summary>
    public Dictionary<string, string> Keys { get; set; } = [];

    /// <summary>The id of the key that signs. Default: the only one there is.</summary>
    public string? SigningKey { get; set; }

    /// <summary>Life of a signature made here, in seconds, 10-86400. Default 300.</summary>
    public int SignatureSeconds { get; set; } = 300;

    /// <summary>A signature with less than this left, in seconds, is made anew when a label leaves, 0-3600. Default 30.</summary>
    public int RenewSeconds { get; set; } = 30;

    /// <summary>
    /// Hosts that labels may be sent to: <c>host</c>, <c>host:port</c>, <c>*.suffix</c>, an address, or a network such as
    /// <c>10.0.0.0/8</c>. This machine and instances picked from the registry need not be named. Default none.
    /// </summary>
    public string[] AllowedHosts { get; set; } = [];

    /// <summary>An empty secret is one that is not set, as environment variables have it.</summary>
    internal LabelKeys Ring() => new(
        Keys.Where(pair => !string.IsNullOrEmpty(pair.Value)).ToDictionary(StringComparer.Ordinal), SigningKey);
}

/// <summary>Refuses keys and hosts that could only fail later.</summary>
internal sealed class LaneOptionsValidator : IValidateOptions<LaneOptions>
{
    public ValidateOptionsResult Validate(string? name, LaneOptions options)
    {
        List<string> failures = [];
        try
        {
            options.Ring();
        }
        catch (ArgumentException bad)
        {
            failures.Add($"BAD_FIELD: {LaneOptions.Section}:Keys: {bad.Message}");
        }

        foreach (var host in options.AllowedHosts.Where(host => !AllowedHosts.IsRule(host)))
        {
            failures.Add($"BAD_FIELD: {LaneOptions.Section}:AllowedHosts has '{host}', which is no host, host:port, *.suffix, address or network.");
        }

        if (options.SignatureSeconds is < 10 or > 86_400)
        {
            failures.Add($"BAD_FIELD: {LaneOptions.Section}:SignatureSeconds is {options.SignatureSeconds}; it is 10 to 86400.");
        }

        if (options.RenewSeconds is < 0 or > 3600)
        {
            failures.Add($"BAD_FIELD: {LaneOptions.Section}:RenewSeconds is {options.RenewSeconds}; it is 0 to 3600.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
