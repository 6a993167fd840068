using System.Diagnostics.Metrics;
using Fairway.Core.Lanes;

namespace Fairway.Sdk.Lanes;

/// <summary>What happens to labels here, meter <c>Fairway.Sdk.Lanes</c>.</summary>
internal sealed class LaneMetrics
{
    private readonly Counter<long> _taken;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _withheld;

    public LaneMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Fairway.Sdk.Lanes");
        _taken = meter.CreateCounter<long>("fairway_lane_labels_taken_total", "{request}", "Requests that came with a verified label.");
        _refused = meter.CreateCounter<long>("fairway_lane_labels_refused_total", "{request}", "Requests refused for their label, by code.");
        _withheld = meter.CreateCounter<long>(
            "fairway_lane_labels_withheld_total", "{request}", "Labels that did not leave with a request, by reason: foreign (host outside the allow list), unsigned (no key).");
    }

    public void Taken() => _taken.Add(1);

    public void Refused(LabelFault fault) => _refused.Add(1, Tag("code", LabelReader.CodeOf(fault)));

    public void Withheld(string reason) => _withheld.Add(1, Tag("reason", reason));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
