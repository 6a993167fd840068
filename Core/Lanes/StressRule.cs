namespace Fairway.Core.Lanes;

/// <summary>
/// How much of a stress test's traffic to a service may come to its shadow database: the value under <c>config/stress/{service}</c>.
/// A marked request passes iff the bucket of its key is below the threshold; the others are answered from the cache alone.
/// </summary>
public sealed record StressRule
{
    /// <summary>Where no rule is known: nothing passes.</summary>
    public static readonly StressRule Unknown = new();

    public string Salt { get; init; } = "";

    /// <summary>How many of 10,000 buckets pass.</summary>
    public int Threshold { get; init; }

    /// <summary>What of a request is its key: <c>user</c>, <c>header:{name}</c>, <c>cookie:{name}</c> or <c>uri</c>.</summary>
    public string Key { get; init; } = "user";

    /// <summary>Whether a marked request with this key may use the shadow database. One without a key may not.</summary>
    public bool Passes(string? key) => !string.IsNullOrEmpty(key) && EntryRule.Bucket(Salt, key) < Threshold;
}
