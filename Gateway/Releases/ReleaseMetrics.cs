using System.Diagnostics.Metrics;
using Fairway.Core.Releases;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Releases;

/// <summary>Metrics of releases, meter <c>Fairway.Releases</c>.</summary>
public sealed class ReleaseMetrics
{
    private readonly Counter<long> _moves;
    private volatile IReadOnlyCollection<ReleaseRecord> _releases = [];

    public ReleaseMetrics(IMeterFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var meter = factory.Create("Fairway.Releases");
        _moves = meter.CreateCounter<long>("fairway_release_moves_total", "{move}", "Phases that releases came to, by phase.");
        meter.CreateObservableGauge(
            "fairway_release_ratio",
            () => _releases.Where(release => !release.State.IsOver).Select(release =>
                new Measurement<int>(release.State.Ratio, Tag("service", release.State.Plan.Service), Tag("paused", release.State.IsPaused ? "true" : "false"))),
            "{user}",
            "Users of 10,000 that a running release sends to its new version.");
    }

    public void Moved(ReleaseState state) => _moves.Add(1, Tag("phase", Word(state)));

    public void Show(IReadOnlyCollection<ReleaseRecord> releases) => _releases = releases;

    private static string Word(ReleaseState state) => state.IsPaused ? "paused" : state.Phase.ToString().ToLowerInvariant();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
