namespace Fairway.Core.Balancing;

/// <summary>
/// Two at random and the one of lower cost: latency, averaged so that it rises at once and falls slowly, times requests in flight
/// (Finagle's <c>p2c peak ewma</c>). An instance without a measurement costs nothing while idle and much with a request under way, so that it is tried once.
/// </summary>
public sealed class PeakEwma(Draws draws) : IBalancer
{
    /// <summary>The time constant of the fall: Finagle's 10 s.</summary>
    public static readonly TimeSpan Decay = TimeSpan.FromSeconds(10);

    private const double Penalty = 1e9;

    private volatile EndpointList _list = EndpointList.Empty;

    public string Name => "peak-ewma";

    public void Update(EndpointList list) => _list = list;

    public Endpoint? Pick(in Call call)
    {
        var list = _list;
        if (!TwoChoices.Draw(list, call, draws, out var first, out var second))
        {
            return null;
        }

        return Cost(list[second], call.Now) < Cost(list[first], call.Now) ? list[second] : list[first];
    }

    public void Ended(Endpoint endpoint, in Outcome outcome, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var before = endpoint.PeakMs;
        endpoint.PeakMs = double.IsNaN(before) || outcome.LatencyMs > before
            ? outcome.LatencyMs
            : Mix(before, outcome.LatencyMs, now - endpoint.PeakAt);
        endpoint.PeakAt = now;
    }

    private static double Cost(Endpoint endpoint, TimeSpan now)
    {
        var inFlight = endpoint.InFlight;
        return double.IsNaN(endpoint.PeakMs)
            ? inFlight == 0 ? 0 : Penalty + inFlight
            : Mix(endpoint.PeakMs, 0, now - endpoint.PeakAt) * (inFlight + 1);
    }

    private static double Mix(double before, double target, TimeSpan elapsed) =>
        target + ((before - target) * Math.Exp(-(elapsed / Decay)));
}
