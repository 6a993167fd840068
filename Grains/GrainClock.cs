namespace Fairway.Grains;

/// <summary>
/// The clock of grain code. A type of its own, because an engine takes the <see cref="TimeProvider"/> it finds among the
/// services for its own timers and timeouts, which a test clock must not stop on a real silo.
/// </summary>
public sealed class GrainClock(TimeProvider time)
{
    public TimeProvider Time { get; } = time;
}
