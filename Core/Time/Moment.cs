namespace Fairway.Core.Time;

/// <summary>
/// One instant on both clocks: the monotonic one measures spans (windows, warm-up, holds), the wall clock is
/// only compared with times that people set (<c>expiresAt</c>, <c>createdAt</c>) and shown.
/// </summary>
/// <param name="Elapsed">Monotonic time since an origin that is the same within one process.</param>
/// <param name="Utc">The wall clock.</param>
public readonly record struct Moment(TimeSpan Elapsed, DateTimeOffset Utc)
{
    public static Moment Now(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new Moment(time.GetElapsedTime(0, time.GetTimestamp()), time.GetUtcNow());
    }

    /// <summary>The instant <paramref name="span"/> later on both clocks.</summary>
    public Moment After(TimeSpan span) => new(Elapsed + span, Utc + span);
}
