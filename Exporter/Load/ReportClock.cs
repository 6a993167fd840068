namespace Fairway.Exporter.Load;

/// <summary>
/// The interval at which a server reports, as seen: servers may grant less often than asked, and readers age
/// samples by what is really seen. A gap between two streams is no interval.
/// </summary>
public sealed class ReportClock(TimeProvider time, TimeSpan requested)
{
    private long? _last;
    private bool _measured;

    /// <summary>The interval asked for until two reports of one stream were seen; then half the last gap, half what was seen before.</summary>
    public TimeSpan Interval { get; private set; } = requested;

    /// <summary>A stream begins.</summary>
    public void Restart() => _last = null;

    /// <summary>A report is here now.</summary>
    public void Tick()
    {
        var now = time.GetTimestamp();
        if (_last is { } last)
        {
            var gap = time.GetElapsedTime(last, now);
            Interval = _measured ? (Interval + gap) / 2 : gap;
            _measured = true;
        }

        _last = now;
    }
}
