using Fairway.Core.Lanes;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Lanes;

/// <summary>Takes labels in on a trusted hop: from HTTP, gRPC metadata and messages.</summary>
public sealed class LaneIngress
{
    private readonly LabelKeys _keys;
    private readonly TimeProvider _clock;
    private readonly LaneMetrics _metrics;
    private readonly VerifiedLabels _verified = new();

    internal LaneIngress(IOptions<LaneOptions> options, TimeProvider clock, LaneMetrics metrics)
    {
        _keys = options.Value.Ring();
        _clock = clock;
        _metrics = metrics;
    }

    /// <summary>Reads and verifies; each value is its header's lines joined by commas, null where it was not sent.</summary>
    /// <returns>False with the fault when what came must be refused.</returns>
    public bool TryRead(string? flowType, string? stress, string? offline, string? signature, out Label label, out LabelFault fault)
    {
        var now = _clock.GetUtcNow();
        if (!string.IsNullOrEmpty(signature) && _verified.Find(flowType, stress, offline, signature, now) is { } known)
        {
            (label, fault) = (known, LabelFault.None);
            _metrics.Taken();
            return true;
        }

        if (!LabelReader.TryRead(flowType, stress, offline, signature, _keys, now, out label, out fault))
        {
            _metrics.Refused(fault);
            return false;
        }

        if (!label.IsEmpty)
        {
            _verified.Add(flowType, stress, offline, label);
            _metrics.Taken();
        }

        return true;
    }
}
