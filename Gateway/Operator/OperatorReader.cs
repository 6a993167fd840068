using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Operator;

/// <summary>Reads operators' documents from their JSON.</summary>
internal static class OperatorReader
{
    private static readonly HashSet<string> Coefficients =
        ["intercept", "cpu", "memoryGib", "inFlight", "rps", "latencyMs", "errorRate"];

    public static ServicePolicy Policy(Fields fields, TimeProvider clock)
    {
        var mode = fields.Choice("mode", ServicePolicy.Scored, ServicePolicy.Manual, ServicePolicy.Hash) ?? ServicePolicy.Scored;
        return new ServicePolicy
        {
            Author = fields.RequiredText("author", 256),
            Reason = fields.RequiredText("reason"),
            ExpiresAt = fields.ExpiresAt(clock),
            Mode = mode,
            Weights = fields.Numbers("weights", 0, 1e6, Names.IsValid),
            HashKey = HashKey(fields, required: mode == ServicePolicy.Hash),
            BoundFactor = fields.Number("boundFactor", 1, 1e6) ?? 1.25,
            Coefficients = fields.Numbers("coefficients", -1e9, 1e9, Coefficients.Contains),
        };
    }

    public static GreyRule Grey(Fields fields) => new()
    {
        Target = RequestReader.Lane(fields.RequiredText("target")),
        Salt = fields.Text("salt") ?? "",
        Kill = fields.Flag("kill") ?? false,
        Whitelist = fields.TextList("whitelist"),
        Regions = fields.TextList("regions"),
        RatioPer10000 = fields.Whole("ratioPer10000", 0, EntryRule.Buckets) ?? 0,
    };

    public static LimitRule Limit(Fields fields)
    {
        var rate = fields.Number("ratePerSecond") is { } number and > 0
            ? number
            : throw ApiException.BadField("ratePerSecond", "is required and must be above 0");
        return new LimitRule(rate, fields.Number("burst", 1) ?? Math.Max(1, rate), fields.Choice("onFailure", "open", "closed") ?? "open");
    }

    public static OfflineMark Offline(string address, Fields fields, TimeProvider clock) =>
        new(address, fields.RequiredText("author", 256), fields.RequiredText("reason"), fields.ExpiresAt(clock));

    private static string? HashKey(Fields fields, bool required)
    {
        var key = fields.Text("hashKey", 256);
        if (string.IsNullOrEmpty(key))
        {
            return required ? throw ApiException.BadField("hashKey", "is required in hash mode") : null;
        }

        return key is "user" or "uri" || IsNamed(key, "header:") || IsNamed(key, "cookie:")
            ? key
            : throw ApiException.BadField("hashKey", "must be user, uri, header:{name} or cookie:{name}");
    }

    /// <summary>A prefix and then a token of RFC 9110, as names of headers and cookies are.</summary>
    private static bool IsNamed(string key, string prefix) =>
        key.StartsWith(prefix, StringComparison.Ordinal) && key.Length > prefix.Length
        && key.AsSpan(prefix.Length).IndexOfAnyExcept(TokenCharacters) < 0;

    private static readonly System.Buffers.SearchValues<char> TokenCharacters = System.Buffers.SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}
