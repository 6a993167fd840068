using Fairway.Core.Directory;

namespace Fairway.Core.Balancing;

/// <summary>
/// One instance as one caller sees it: what the newest list says of it, and what the caller found out itself. Kept by id from
/// list to list. Threads share it without a lock: each figure stands alone, and a pick may well see one that is a moment old.
/// </summary>
public sealed class Endpoint(InstanceView view)
{
    /// <summary><see cref="TypicalMs"/> is a mean over about so many requests.</summary>
    public const double TypicalRequests = 50;

    /// <summary>But what is older than about this is forgotten, however few came since.</summary>
    public static readonly TimeSpan TypicalSpan = TimeSpan.FromSeconds(30);

    /// <summary>Of one that nobody asks nothing new is heard: what is held against it fades with this time constant, so that it is tried again.</summary>
    public static readonly TimeSpan Forgiveness = TimeSpan.FromSeconds(20);

    private InstanceView _view = view;
    private int _inFlight;
    private TimeSpan _learnedAt;

    public string Id { get; } = view.Id;

    /// <summary>The instance in the newest list that has it.</summary>
    public InstanceView View => Volatile.Read(ref _view);

    /// <summary>This caller's requests to it, begun and not ended.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The instance's requests in flight as last known: in band, by a probe or from the list, whichever is newest; NaN if never.</summary>
    public double Reported { get; set; } = double.NaN;

    /// <summary>When <see cref="Reported"/> was so.</summary>
    public TimeSpan ReportedAt { get; set; } = TimeSpan.MinValue;

    /// <summary>
    /// Its latency as lists told it, ms, averaged over requests rather than time: one that gets few is not believed to be fast, or
    /// slow, because of a handful of them. NaN until a list said one.
    /// </summary>
    public double TypicalMs { get; set; } = double.NaN;

    /// <summary>Its weight in <see cref="Scored"/>, preference included; 0 where it is in no list any more.</summary>
    public double Weight { get; set; }

    /// <summary>What <see cref="Scored"/> leaves of its weight for being slow, over 0 up to 1.</summary>
    public double Preference { get; set; } = 1;

    /// <summary>What <see cref="PeakEwma"/> holds its latency to be, ms; NaN until one was measured.</summary>
    public double PeakMs { get; set; } = double.NaN;

    /// <summary>When <see cref="PeakMs"/> was last moved.</summary>
    public TimeSpan PeakAt { get; set; }

    /// <summary>Until when this caller leaves it alone for failing; see <see cref="PassiveEjection"/>.</summary>
    public TimeSpan OutUntil { get; set; } = TimeSpan.MinValue;

    /// <summary>What the caller's own code wants to have at hand with it.</summary>
    public object? Tag { get; set; }

    /// <summary>What <see cref="PassiveEjection"/> knows of it; its own.</summary>
    internal EndpointFailures Failures;

    /// <summary>Whether this caller leaves it alone at that instant.</summary>
    public bool IsOut(TimeSpan now) => now < OutUntil;

    /// <summary>A request to it begins.</summary>
    public void Begin() => Interlocked.Increment(ref _inFlight);

    /// <summary>A request to it ends, however.</summary>
    public void End() => Interlocked.Decrement(ref _inFlight);

    /// <summary>Takes in a report unless a newer one is known.</summary>
    public void Report(double inFlight, TimeSpan at)
    {
        if (at >= ReportedAt && inFlight >= 0)
        {
            Reported = inFlight;
            ReportedAt = at;
        }
    }

    /// <summary>Takes in what a newer list says of the instance.</summary>
    public void Follow(InstanceView next, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(next);
        Volatile.Write(ref _view, next);
        if (next is { InFlight: { } inFlight, AgeMs: { } age })
        {
            Report(inFlight, now - TimeSpan.FromMilliseconds(age));
        }

        var span = now - _learnedAt;
        _learnedAt = now;
        if (next is { LatencyMs: { } latency, Rps: not 0 })
        {
            var share = Math.Max((next.Rps ?? 0) * span.TotalSeconds / TypicalRequests, span / TypicalSpan);
            TypicalMs = double.IsNaN(TypicalMs) ? latency : TypicalMs + ((latency - TypicalMs) * Math.Min(1, share));
        }
        else
        {
            TypicalMs *= Math.Exp(-(span / Forgiveness));
        }
    }

    public override string ToString() => Id;
}
