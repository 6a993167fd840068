namespace Fairway.Grains.Streams;

/// <summary>
/// When a user's grain has to look at the clock. A deadline begins with a request, an end or a release, so it is enough that each of
/// these finds a tick due within the shortest limit; the tick itself then asks for the exact time. Nothing is computed for a frame.
/// </summary>
internal sealed class StreamTimer(TimeProvider time, Action<TimeSpan, TimeSpan> change, StreamOptions options)
{
    /// <summary>Deadlines that fall closer together than this are met in one tick.</summary>
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(50);

    private readonly TimeSpan _idle = TimeSpan.FromSeconds(options.IdleSeconds);
    private readonly TimeSpan _shortest = TimeSpan.FromSeconds(
        Math.Min(Math.Min(options.UnreadSeconds, options.ResponseSeconds), Math.Min(options.UnackedSeconds, options.TerminalSeconds)));

    private long _dueAt = long.MaxValue;
    private long? _idleSince;
    private bool _isKnown;

    /// <summary>Call after anything that may have held or released something. Returns whether that began or ended idleness.</summary>
    public bool Changed(bool isIdle)
    {
        var turned = !_isKnown || isIdle != _idleSince.HasValue;
        _isKnown = true;
        if (turned)
        {
            _idleSince = isIdle ? time.GetTimestamp() : null;
        }

        Arm(isIdle ? Left() : _shortest);
        return turned;
    }

    public void Fired() => _dueAt = long.MaxValue;

    /// <summary>Call at the end of a tick. Returns whether nothing was held for so long that the grain may go.</summary>
    public bool Next(TimeSpan? untilDue)
    {
        if (_idleSince.HasValue)
        {
            return Left() <= TimeSpan.Zero;
        }

        _dueAt = long.MaxValue;
        Arm(untilDue ?? _shortest);
        return false;
    }

    private TimeSpan Left() => _idle - time.GetElapsedTime(_idleSince!.Value);

    private void Arm(TimeSpan due)
    {
        due = due < Grain ? Grain : due;
        var at = time.GetTimestamp() + (long)(due.TotalSeconds * time.TimestampFrequency);
        if (at < _dueAt)
        {
            _dueAt = at;
            change(due, Timeout.InfiniteTimeSpan);
        }
    }
}
