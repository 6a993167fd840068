using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Fairway.Core.Directory;

namespace Fairway.GrainInterfaces.Wire;

/// <summary>A <see cref="ServicePolicy"/> between grains.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Policy")]
public sealed record PolicyWire
{
    [Id(0)] public required string Mode { get; init; }

    [Id(1)] public required ImmutableDictionary<string, double> Weights { get; init; }

    [Id(2)] public string? HashKey { get; init; }

    [Id(3)] public double BoundFactor { get; init; }

    [Id(4)] public required ImmutableDictionary<string, double> Coefficients { get; init; }

    [Id(5)] public string? Author { get; init; }

    [Id(6)] public string? Reason { get; init; }

    [Id(7)] public DateTimeOffset? ExpiresAt { get; init; }

    [return: NotNullIfNotNull(nameof(policy))]
    public static PolicyWire? From(ServicePolicy? policy) => policy is null ? null : new()
    {
        Mode = policy.Mode,
        Weights = policy.Weights.ToImmutableDictionary(),
        HashKey = policy.HashKey,
        BoundFactor = policy.BoundFactor,
        Coefficients = policy.Coefficients.ToImmutableDictionary(),
        Author = policy.Author,
        Reason = policy.Reason,
        ExpiresAt = policy.ExpiresAt,
    };

    public ServicePolicy ToCore() => new()
    {
        Mode = Mode,
        Weights = Weights.ToImmutableSortedDictionary(StringComparer.Ordinal),
        HashKey = HashKey,
        BoundFactor = BoundFactor,
        Coefficients = Coefficients.ToImmutableSortedDictionary(StringComparer.Ordinal),
        Author = Author,
        Reason = Reason,
        ExpiresAt = ExpiresAt,
    };
}
