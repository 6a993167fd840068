namespace Fairway.Grains;

/// <summary>
/// The clock of grain code, the same one that grain timers run on. A type of its own, because an engine takes the plain
/// <see cref="TimeProvider"/> among the services for its own life, which a test clock must not stop on a real silo.
/// </summary>
public sealed class GrainClock(TimeProvider time)
{
    /// <summary>The service key under which the engines look up the clock of grain timers; without one they take the plain one.</summary>
    public const string Key = "Orleans.Grains";

    public TimeProvider Time { get; } = time;
}
