namespace Fairway.Core.Balancing;

/// <summary>What a pick is for.</summary>
public readonly ref struct Call
{
    /// <summary>The present on the caller's monotonic clock.</summary>
    public TimeSpan Now { get; init; }

    /// <summary>Where the request's key falls on the ring; only <see cref="RingHash"/> asks. See <see cref="HashRing.Position(string)"/>.</summary>
    public uint Position { get; init; }

    /// <summary>All requests of this caller that are in flight, to whomever; only <see cref="RingHash"/> asks.</summary>
    public int InFlight { get; init; }

    /// <summary>Where this request was sent already, and failed.</summary>
    public ReadOnlySpan<Endpoint> Tried { get; init; }

    /// <summary>The request also leaves the zones that it was tried in; those of no name are none.</summary>
    public bool LeavesZones { get; init; }

    /// <summary>Whether the request must not go there: it was there already, or the caller has put the instance out for failing.</summary>
    public bool Excludes(Endpoint endpoint)
    {
        if (endpoint.IsOut(Now))
        {
            return true;
        }

        foreach (var tried in Tried)
        {
            if (ReferenceEquals(tried, endpoint) || (LeavesZones && IsOneZone(tried.View.Zone, endpoint.View.Zone)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOneZone(string zone, string other) => zone.Length > 0 && zone == other;
}

/// <summary>How a request ended.</summary>
/// <param name="LatencyMs">From its start to its answer.</param>
/// <param name="Failed">The instance's fault: no connection, no answer in time, or a 5xx.</param>
public readonly record struct Outcome(double LatencyMs, bool Failed)
{
    /// <summary>There was no connection: nothing was sent, and nobody is there.</summary>
    public bool IsUnreachable { get; init; }
}

/// <summary>What an instance said of itself, in band or when probed.</summary>
/// <param name="InFlight">Requests being served.</param>
/// <param name="LatencyMs">What a request that came now would take; NaN where it does not say.</param>
public readonly record struct LoadReport(double InFlight, double LatencyMs = double.NaN);

/// <summary>
/// A balancing policy of one caller. <see cref="Update"/> is called by one thread at a time, all else by any. A pick allocates
/// nothing and costs O(1) in the number of instances.
/// </summary>
public interface IBalancer
{
    string Name { get; }

    /// <summary>Takes the newest list.</summary>
    void Update(EndpointList list);

    /// <summary>Where to send a request; null where there is nobody it does not exclude. The caller counts what is in flight.</summary>
    Endpoint? Pick(in Call call);

    /// <summary>A request that was sent to <paramref name="endpoint"/> ended; its in-flight count is lowered already.</summary>
    void Ended(Endpoint endpoint, in Outcome outcome, TimeSpan now)
    {
    }

    /// <summary>A report came; <paramref name="endpoint"/> has its in-flight figure already.</summary>
    void Reported(Endpoint endpoint, in LoadReport report, TimeSpan now)
    {
    }

    /// <summary>Fills in whom to probe beside a request just sent; returns how many. Answers come back through <see cref="Reported"/>.</summary>
    int ChooseProbes(TimeSpan now, Span<Endpoint> targets) => 0;
}
