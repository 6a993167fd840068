namespace Fairway.Core.Scoring;

/// <summary>How costs become weights.</summary>
public sealed record WeightOptions
{
    public static readonly WeightOptions Default = new();

    /// <summary>The least a scored weight can be, and where a newcomer starts; default 0.1.</summary>
    public double Floor { get; init; } = 0.1;

    /// <summary>The most a scored weight can be; default 4.</summary>
    public double Ceiling { get; init; } = 4;

    /// <summary>The time constant of the smoothing: after it 63 % of a step is done; default 2 s.</summary>
    public TimeSpan Smoothing { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a newcomer's weight rises from <see cref="Floor"/> to its own; default 30 s.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A sample counts as fresh for this many report intervals; default 2.</summary>
    public double FreshIntervals { get; init; } = 2;

    /// <summary>After that, the weight's distance from 1 halves every this many report intervals; default 5.</summary>
    public double StaleHalfLifeIntervals { get; init; } = 5;

    /// <summary>The shortest report interval reckoned with; default 1 s.</summary>
    public TimeSpan MinReportInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The report interval of a sender that names none, until its samples show it; default 10 s.</summary>
    public TimeSpan UnknownReportInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What failing always adds to the cost at least, in ms; default 1000.</summary>
    public double ErrorPenaltyMs { get; init; } = 1000;

    /// <summary>The same as a multiple of the median cost, so that it outweighs slow services too; default 20.</summary>
    public double ErrorPenaltyMedians { get; init; } = 20;

    /// <summary>From this error rate on an instance is no measure for the others' weights; default 0.5.</summary>
    public double FailingErrorRate { get; init; } = 0.5;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> naming the value that is out of range.</summary>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Floor, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Floor, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Ceiling, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Smoothing, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(WarmUp, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(FreshIntervals);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StaleHalfLifeIntervals, 0);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MinReportInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(UnknownReportInterval, MinReportInterval);
        ArgumentOutOfRangeException.ThrowIfNegative(ErrorPenaltyMs);
        ArgumentOutOfRangeException.ThrowIfNegative(ErrorPenaltyMedians);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(FailingErrorRate, 0);
    }
}
