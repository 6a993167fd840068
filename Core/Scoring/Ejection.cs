namespace Fairway.Core.Scoring;

/// <summary>
/// Whether one instance is ejected, and for how long. Times are monotonic. As Envoy's outlier detection: each
/// ejection in a row lasts longer, and each <see cref="EjectionOptions.Duration"/> spent in peace forgives one.
/// </summary>
public struct Ejection
{
    private TimeSpan _until;
    private int _inARow;

    /// <summary>When the instance returns; meaningless unless ejected.</summary>
    public readonly TimeSpan Until => _until;

    public readonly bool IsActive(TimeSpan now) => _inARow > 0 && now < _until;

    /// <summary>Whether the window's figures call for ejection.</summary>
    /// <param name="window">What the instance did lately.</param>
    /// <param name="covered">How much time the window's samples speak for.</param>
    /// <param name="options">The thresholds.</param>
    public static bool IsDue(in WindowSnapshot window, TimeSpan covered, EjectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return window.Samples > 0
            && window.Means.ErrorRate >= options.ErrorRate
            && window.Means.Rps * covered.TotalSeconds >= options.MinRequests;
    }

    /// <summary>Ejects from <paramref name="now"/> on.</summary>
    public void Begin(TimeSpan now, EjectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var forgiven = _inARow == 0 ? 0 : (int)Math.Min(_inARow, Math.Max(0, (now - _until) / options.Duration));
        _inARow += 1 - forgiven;
        var span = options.Duration * _inARow;
        _until = now + (span > options.MaxDuration ? options.MaxDuration : span);
    }

    /// <summary>Readmits at once, for more would be ejected than may be.</summary>
    public void End(TimeSpan now)
    {
        if (IsActive(now))
        {
            _until = now;
        }
    }
}
