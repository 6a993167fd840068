using Fairway.Core.Directory;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.BestList;

/// <summary>Which instances of a service a reader wants.</summary>
/// <param name="Lane">Only this lane's; empty is base.</param>
/// <param name="Limit">At most so many.</param>
/// <param name="All">Those that are not usable too.</param>
/// <param name="Explain">With the terms of each score.</param>
public readonly record struct BestQuery(string Lane, int Limit, bool All, bool Explain = false)
{
    public static readonly BestQuery Plain = new("", int.MaxValue, false);

    public static BestQuery Read(string? k, string? lane, string? all, string? explain = null) =>
        k is null && lane is null && all is null && explain is null
            ? Plain
            : new BestQuery(
                string.IsNullOrEmpty(lane) ? "" : RequestReader.Lane(lane),
                RequestReader.Limit("k", k),
                RequestReader.Flag("all", all),
                RequestReader.Flag("explain", explain));

    /// <summary>The document for this query: in panic, ejected instances count as usable.</summary>
    public BestDocument Document(ServiceSnapshot service, string version)
    {
        var lane = Lane;
        var all = All;
        var panic = !service.PanickedLanes.IsDefaultOrEmpty && service.PanickedLanes.Contains(lane);
        var instances = service.Instances
            .Where(view => view.Lane == lane && (all || view.IsUsable || (panic && view.State == InstanceState.Ejected)))
            .Take(Limit)
            .Select(InstanceLine.Of);
        if (Explain)
        {
            var explanations = ScoreExplainer.Explain(service, lane);
            instances = instances.Select(line => line with { Explain = ExplainDocument.Of(explanations[line.Id]) });
        }

        return new BestDocument(
            service.Service, lane.Length == 0 ? null : lane, version, service.Mode, panic, service.GeneratedAt, [.. instances]);
    }
}
