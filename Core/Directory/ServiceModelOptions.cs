using Fairway.Core.Scoring;

namespace Fairway.Core.Directory;

/// <summary>The figures behind the rules of one service.</summary>
public sealed record ServiceModelOptions
{
    public static readonly ServiceModelOptions Default = new();

    public WindowOptions Window { get; init; } = WindowOptions.Default;

    public WeightOptions Weights { get; init; } = WeightOptions.Default;

    /// <summary>Predicts latency from load; a policy's coefficients override it.</summary>
    public CostModel Cost { get; init; } = CostModel.Default;

    public EjectionOptions Ejection { get; init; } = EjectionOptions.Default;

    /// <summary>The shortest time between two published snapshots in which only weights moved; default 250 ms.</summary>
    public TimeSpan PublishInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>By how much of itself a weight must move to be news; default 0.05.</summary>
    public double PublishThreshold { get; init; } = 0.05;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> naming the value that is out of range.</summary>
    public void Validate()
    {
        Window.Validate();
        Weights.Validate();
        Ejection.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(PublishInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(PublishThreshold);
    }
}
