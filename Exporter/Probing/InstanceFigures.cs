using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Exporter.Load;

namespace Fairway.Exporter.Probing;

/// <summary>What is known of one probed instance; written by its prober, read by scrapes.</summary>
public sealed class InstanceFigures
{
    private readonly long[] _refused = new long[Enum.GetValues<Refusal>().Length];
    private volatile SampleNow? _sample;
    private volatile Life _life;
    private long _failures;
    private long _reports;

    public Life Life
    {
        get => _life;
        internal set => _life = value;
    }

    /// <summary>The last sample; null before the first. A refused or empty report leaves it.</summary>
    public SampleNow? Sample
    {
        get => _sample;
        internal set => _sample = value;
    }

    /// <summary>Checks that failed or were refused.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Load reports received, refused ones too.</summary>
    public long Reports => Interlocked.Read(ref _reports);

    public long RefusedFor(Refusal reason) => Interlocked.Read(ref _refused[(int)reason]);

    internal void CountFailure() => Interlocked.Increment(ref _failures);

    internal void CountReport(Refusal refusal)
    {
        Interlocked.Increment(ref _reports);
        if (refusal != Refusal.None)
        {
            Interlocked.Increment(ref _refused[(int)refusal]);
        }
    }
}

/// <summary>A sample with its moment.</summary>
/// <param name="At">Timestamp of the clock when it arrived.</param>
/// <param name="Interval">The interval at which the instance reports.</param>
public sealed record SampleNow(LoadSample Load, long At, TimeSpan Interval);
