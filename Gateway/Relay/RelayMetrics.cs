using System.Diagnostics.Metrics;

namespace Fairway.Gateway.Relay;

/// <summary>What became of relayed calls, under the meter <c>Fairway.Gateway</c>.</summary>
internal sealed class RelayMetrics
{
    private readonly Counter<long> _calls;

    public RelayMetrics(IMeterFactory meters) => _calls = meters.Create("Fairway.Gateway").CreateCounter<long>(
        "fairway_gateway_relay_calls_total", "{call}", "Relayed calls that came to their end, by whether their callers stayed for it.");

    /// <param name="whole">False: the caller left first, and the model was cancelled.</param>
    public void Ended(bool whole) => _calls.Add(1, new KeyValuePair<string, object?>("outcome", whole ? "answered" : "cancelled"));
}
