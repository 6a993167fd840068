using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>How a service's requests are shared out: the value under <c>policies/{service}</c>.</summary>
public sealed record ServicePolicy
{
    public const string Scored = "scored";
    public const string Manual = "manual";
    public const string Hash = "hash";

    /// <summary><see cref="Scored"/>, <see cref="Manual"/> or <see cref="Hash"/>.</summary>
    public string Mode { get; init; } = Scored;

    /// <summary>The operator's weight by instance id, in percent.</summary>
    public ImmutableSortedDictionary<string, double> Weights { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary><c>header:x</c>, <c>cookie:x</c>, <c>user</c> or <c>uri</c>; only for <see cref="Hash"/>.</summary>
    public string? HashKey { get; init; }

    /// <summary>How far over its share one instance may be loaded under <see cref="Hash"/>.</summary>
    public double BoundFactor { get; init; } = 1.25;

    /// <summary>Overrides of the cost model's coefficients by name.</summary>
    public ImmutableSortedDictionary<string, double> Coefficients { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    public string? Author { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}
