namespace Fairway.Registry;

/// <summary>How a reader comes back after a loss.</summary>
public sealed record RegistryWatcherOptions
{
    /// <summary>The wait after a first failure, 100 ms; it doubles with each further one, less up to half of it at random.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait; 2 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a resumed watch may take to repeat the last change seen before everything is listed again; 5 s.</summary>
    public TimeSpan RepeatTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What the wait is shortened by, so that a test can repeat it; null for the process's own.</summary>
    public Random? Random { get; init; }
}
