namespace Fairway.Core.Scoring;

/// <summary>The shape of a <see cref="SlidingWindow"/>.</summary>
public sealed record WindowOptions
{
    public static readonly WindowOptions Default = new();

    /// <summary>How many buckets, 1 to 1000; default 5.</summary>
    public int Buckets { get; init; } = 5;

    /// <summary>The span of one bucket; default 1 s.</summary>
    public TimeSpan BucketSpan { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The age at which a bucket says half as much as a new one; default 2 s.</summary>
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The whole span.</summary>
    public TimeSpan Length => BucketSpan * Buckets;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> when a value makes no window.</summary>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Buckets, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Buckets, 1000);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(BucketSpan, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HalfLife, TimeSpan.Zero);
    }
}
