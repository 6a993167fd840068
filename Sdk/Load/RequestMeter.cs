namespace Fairway.Sdk.Load;

/// <summary>Sums over all requests since the start. A difference of two of them is an interval's figures.</summary>
/// <param name="Completed">Requests that ended, failed ones included.</param>
/// <param name="Failed">Requests that ended in 5xx, in an exception, or as gRPC calls in a status of the server.</param>
/// <param name="BusyTicks">Durations of ended requests added up, in ticks of the meter's clock.</param>
internal readonly record struct RequestTotals(long Completed, long Failed, long BusyTicks);

/// <summary>Counts requests: a few interlocked additions each, no lock and no allocation.</summary>
public sealed class RequestMeter(TimeProvider time)
{
    private long _inFlight;
    private long _completed;
    private long _failed;
    private long _busyTicks;

    /// <summary>Requests begun and not ended.</summary>
    public long InFlight => Interlocked.Read(ref _inFlight);

    internal RequestTotals Totals =>
        new(Interlocked.Read(ref _completed), Interlocked.Read(ref _failed), Interlocked.Read(ref _busyTicks));

    /// <summary>Begins a request. Returns what <see cref="End"/> wants back.</summary>
    public long Begin()
    {
        Interlocked.Increment(ref _inFlight);
        return time.GetTimestamp();
    }

    /// <summary>Ends a request begun with <see cref="Begin"/>.</summary>
    public void End(long begun, bool failed)
    {
        Interlocked.Add(ref _busyTicks, time.GetTimestamp() - begun);
        if (failed)
        {
            Interlocked.Increment(ref _failed);
        }

        Interlocked.Increment(ref _completed);
        Interlocked.Decrement(ref _inFlight);
    }
}
