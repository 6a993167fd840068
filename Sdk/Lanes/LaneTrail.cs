using System.Diagnostics;
using Fairway.Core.Lanes;

namespace Fairway.Sdk.Lanes;

/// <summary>
/// Why a request went where it went. Every decision is a set of tags of the current activity; where a tester asked
/// (<see cref="LabelHeaders.Why"/>) all decisions of the request's hops are lines of the answer's header of that name.
/// </summary>
internal sealed class LaneTrail
{
    /// <summary>Further lines are dropped: a header has its limits.</summary>
    public const int MaxLines = 32;

    private static readonly AsyncLocal<LaneTrail?> Flowing = new();

    private readonly List<string> _lines = [];

    /// <summary>The trail of the request being served; null where nobody asked.</summary>
    public static LaneTrail? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    public string[] Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Notes a decision of the router in this process.</summary>
    public static void Decided(string service, in LaneDecision decision)
    {
        if (Activity.Current is { } activity)
        {
            activity.SetTag("fairway.lane.service", service);
            activity.SetTag("fairway.lane.label", decision.Label);
            activity.SetTag("fairway.lane.rule", RouteWords.NameOf(decision.Rule));
            activity.SetTag("fairway.lane.code", decision.Code);
            activity.SetTag("fairway.lane", decision.IsRoute ? decision.Lane ?? "base" : null);
            activity.SetTag("fairway.lane.candidates", decision.Usable);
            activity.SetTag("fairway.lane.table", decision.Table);
        }

        Current?.Add($"{service}: {RouteWords.Line(decision)}");
    }

    /// <summary>Asks the next hop too, where this one was asked and the label goes along.</summary>
    public static void Ask(HttpRequestMessage request)
    {
        request.Headers.Remove(LabelHeaders.Why);
        if (Current is not null && request.Headers.Contains(LabelHeaders.Signature))
        {
            request.Headers.TryAddWithoutValidation(LabelHeaders.Why, "1");
        }
    }

    /// <summary>Takes over what the hops behind say.</summary>
    public static void Hear(HttpResponseMessage response)
    {
        if (Current is { } trail && response.Headers.TryGetValues(LabelHeaders.Why, out var lines))
        {
            foreach (var line in lines)
            {
                trail.Add(line);
            }
        }
    }

    private void Add(string line)
    {
        lock (_lines)
        {
            if (_lines.Count < MaxLines)
            {
                _lines.Add(line);
            }
        }
    }
}
