namespace Fairway.Core.Scoring;

/// <summary>When an instance that fails is left out for a while.</summary>
public sealed record EjectionOptions
{
    public static readonly EjectionOptions Default = new();

    /// <summary>The window's error rate from which on an instance is ejected; default 0.5.</summary>
    public double ErrorRate { get; init; } = 0.5;

    /// <summary>How many requests the window must have seen; default 10.</summary>
    public double MinRequests { get; init; } = 10;

    /// <summary>Time out after the first ejection; the nth in a row lasts n times as long; default 10 s.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>No ejection lasts longer; default 5 min.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The most of a (service, lane)'s instances that may be ejected at once; default 0.5.</summary>
    public double MaxShare { get; init; } = 0.5;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> naming the value that is out of range.</summary>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ErrorRate, 0);
        ArgumentOutOfRangeException.ThrowIfNegative(MinRequests);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Duration, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDuration, Duration);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxShare, 0.5);
    }
}
