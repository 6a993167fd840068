using Fairway.Core.Scoring;

namespace Fairway.Core.Directory;

/// <summary>What is known of one instance; times are monotonic.</summary>
internal sealed class InstanceModel
{
    /// <summary>A gap between samples moves the observed interval by this part of the difference, so that a burst does not fool it.</summary>
    private const double ObservedShare = 4;

    private readonly ServiceModelOptions _options;
    private readonly SlidingWindow _window;
    private LoadSample _last;
    private TimeSpan? _lastAt;
    private TimeSpan? _stated;
    private TimeSpan _observed;
    private StatusChannel? _reporter;
    private double _smoothed = 1;
    private TimeSpan? _smoothedAt;

    public InstanceModel(InstanceRecord record, TimeSpan firstSeen, ServiceModelOptions options)
    {
        Record = record;
        FirstSeen = firstSeen;
        _options = options;
        _window = new SlidingWindow(options.Window);
        _observed = options.Weights.UnknownReportInterval;
    }

    public InstanceRecord Record { get; set; }

    public TimeSpan FirstSeen { get; }

    /// <summary>Its warm-up is over, or it never had one.</summary>
    public bool IsWarm { get; set; }

    /// <summary>An exporter stated its life or brought a sample.</summary>
    public bool IsProbed { get; private set; }

    public bool IsSampled => _lastAt is not null;

    public bool IsStale => _reporter is { IsLive: false };

    public Ejection Ejection;

    /// <summary>The window as of the last <see cref="Refresh"/>; when it ran empty, as it last stood.</summary>
    public WindowSnapshot Window { get; private set; }

    /// <summary>Whether the samples of the present window call for ejection.</summary>
    public bool IsFailing { get; private set; }

    public TimeSpan Age(TimeSpan now) => _lastAt is { } at && now > at ? now - at : TimeSpan.Zero;

    public void Apply(InstanceStatus status, StatusChannel channel, TimeSpan now)
    {
        IsProbed |= status.Life is not Life.Unstated || status.Sample is not null || status.SampledAgain;
        if (status.Sample is not { } sample)
        {
            if (!status.SampledAgain || !IsSampled)
            {
                return;
            }

            sample = _last;
        }

        var at = now - status.SampleAge;
        _stated = status.ReportInterval > TimeSpan.Zero ? status.ReportInterval : null;
        if (_lastAt is { } before && at > before)
        {
            _observed += (at - before - _observed) / ObservedShare;
        }

        _last = sample;
        _lastAt = _lastAt is { } newest && newest > at ? newest : at;
        _reporter = channel;
        _window.Add(sample, at);
    }

    /// <summary>Brings <see cref="Window"/> and <see cref="IsFailing"/> up to now.</summary>
    public void Refresh(TimeSpan now)
    {
        var window = _window.Snapshot(now);
        if (window.Samples > 0 || Window.Samples == 0)
        {
            Window = window;
        }

        var spoken = Interval * window.Samples;
        var length = _options.Window.Length;
        IsFailing = Ejection.IsDue(window, spoken < length ? spoken : length, _options.Ejection);
    }

    /// <summary>Moves the smoothed weight towards <paramref name="raw"/>, decayed by its age. The first sample is taken as it is.</summary>
    public double Smooth(double raw, TimeSpan now)
    {
        if (!IsSampled)
        {
            return 1;
        }

        var target = Weights.Decayed(raw, Age(now), Interval, _options.Weights);
        _smoothed = _smoothedAt is { } before ? Weights.Smoothed(_smoothed, target, now - before, _options.Weights) : target;
        _smoothedAt = now;
        return _smoothed;
    }

    private TimeSpan Interval => _stated ?? _observed;
}
