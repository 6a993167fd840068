using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Sdk.Client;
using ServiceEntry = Fairway.Sdk.Client.ServiceEntry;

namespace Fairway.Sdk.Lanes;

/// <summary>Narrows a service down to the lane of the current label, by the rules of <see cref="LaneRouter"/>, and says why.</summary>
internal sealed class LaneRequestRouter(LaneRouteMetrics metrics) : IRequestRouter
{
    private readonly ConditionalWeakTable<ImmutableDictionary<string, ImmutableHashSet<string>>, LaneTable> _tables = [];
    private readonly ConditionalWeakTable<ServiceEntry, Made> _pools = [];

    public RequestRoute Route(HttpRequestMessage request, ServiceEntry service, ServiceDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(directory);
        var label = LaneContext.Current;
        var table = _tables.GetValue(directory.Lanes, lanes => Table(lanes, directory.Version));
        var decision = LaneRouter.Decide(service.Name, label.Lane, label.Offline, Pools(service, directory), table);
        metrics.Decided(decision);
        LaneTrail.Decided(service.Name, decision);
        if (decision.Code is { } code)
        {
            return new RequestRoute(decision.Label ?? "") { Code = code, Message = $"'{service.Name}': {RouteWords.Line(decision)}." };
        }

        // The address comes from the registry, so it is ours and may be sent labels.
        request.Options.Set(LaneEgress.InHouse, true);
        return new RequestRoute(decision.Lane ?? "")
        {
            Offline = label.Offline.IsEmpty ? null : label.Offline.ToImmutableHashSet(StringComparer.Ordinal),
        };
    }

    private LanePools Pools(ServiceEntry service, ServiceDirectory directory)
    {
        if (_pools.TryGetValue(service, out var made) && ReferenceEquals(made.Offline, directory.Offline))
        {
            return made.Pools;
        }

        var pools = LanePools.Of(
            new ServiceSnapshot
            {
                Service = service.Name,
                Sequence = 0,
                GeneratedAt = default,
                Instances = service.Instances,
                PanickedLanes = service.Panic,
            },
            directory.Offline);
        _pools.AddOrUpdate(service, new Made(directory.Offline, pools));
        return pools;
    }

    private static LaneTable Table(ImmutableDictionary<string, ImmutableHashSet<string>> lanes, string? version) => new(
        DirectoryTables.Empty with
        {
            Lanes = lanes.Keys.ToImmutableSortedDictionary(lane => lane, lane => new LaneRecord(lane, "", default, null), StringComparer.Ordinal),
            Declarations = lanes.ToImmutableSortedDictionary(
                pair => pair.Key, pair => pair.Value.Select(service => new LaneDeclaration(service, "", "")).ToImmutableArray(), StringComparer.Ordinal),
        },
        version ?? "0");

    private sealed record Made(ImmutableHashSet<string> Offline, LanePools Pools);
}
