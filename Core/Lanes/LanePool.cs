using System.Collections.Frozen;
using System.Collections.Immutable;
using Fairway.Core.Directory;

namespace Fairway.Core.Lanes;

/// <summary>The instances of one service in one lane, as of one snapshot; immutable.</summary>
public sealed class LanePool
{
    private Dictionary<string, int>? _byAddress;

    internal LanePool(string lane, ImmutableArray<InstanceView> instances, int total, int offline, bool panic)
    {
        Lane = lane;
        Instances = instances;
        Total = total;
        Offline = offline;
        IsPanicked = panic;
    }

    /// <summary>Empty for base.</summary>
    public string Lane { get; }

    /// <summary>Those that may serve, best first; ejected ones are among them in panic, offline ones never.</summary>
    public ImmutableArray<InstanceView> Instances { get; }

    /// <summary>All of the lane, of whatever state.</summary>
    public int Total { get; }

    /// <summary>How many the router itself knows to be offline.</summary>
    public int Offline { get; }

    /// <summary>Whether ejected ones are readmitted.</summary>
    public bool IsPanicked { get; }

    /// <summary>How many of <see cref="Instances"/> a request may still use that names addresses as going offline. O(addresses), at most 32.</summary>
    public int CountWithout(ImmutableArray<string> offline)
    {
        if (offline.IsEmpty || Instances.IsEmpty)
        {
            return Instances.Length;
        }

        var byAddress = _byAddress ??= Count(Instances); // two at once make the same
        var left = Instances.Length;
        foreach (var address in offline)
        {
            left -= byAddress.GetValueOrDefault(address);
        }

        return left;
    }

    private static Dictionary<string, int> Count(ImmutableArray<InstanceView> instances)
    {
        var counts = new Dictionary<string, int>(instances.Length, StringComparer.Ordinal);
        foreach (var instance in instances)
        {
            counts[instance.Address] = counts.GetValueOrDefault(instance.Address) + 1;
        }

        return counts;
    }
}

/// <summary>A service's instances by lane, made once for each snapshot so that a decision looks up and never searches; immutable.</summary>
public sealed class LanePools
{
    /// <summary>Of a service nobody registered.</summary>
    public static readonly LanePools Empty = new(FrozenDictionary<string, LanePool>.Empty);

    private static readonly LanePool Nobody = new("", [], 0, 0, false);

    private readonly FrozenDictionary<string, LanePool> _byLane;

    private LanePools(FrozenDictionary<string, LanePool> byLane)
    {
        _byLane = byLane;
        Base = byLane.GetValueOrDefault("", Nobody);
    }

    public LanePool Base { get; }

    /// <summary>Whether the service has no instance at all.</summary>
    public bool IsEmpty => _byLane.Count == 0;

    /// <summary>The lane's instances; null where it has none, of whatever state.</summary>
    public LanePool? Of(string lane) => _byLane.GetValueOrDefault(lane);

    /// <param name="service">Null for a service nobody registered.</param>
    /// <param name="offline">Addresses that the router knows to be offline, beside those the snapshot marks.</param>
    public static LanePools Of(ServiceSnapshot? service, IReadOnlySet<string>? offline = null)
    {
        if (service is null or { Instances.IsDefaultOrEmpty: true })
        {
            return Empty;
        }

        return new LanePools(service.Instances
            .GroupBy(instance => instance.Lane, StringComparer.Ordinal)
            .ToFrozenDictionary(lane => lane.Key, lane => Pool(service, lane.Key, lane, offline), StringComparer.Ordinal));
    }

    private static LanePool Pool(ServiceSnapshot service, string lane, IEnumerable<InstanceView> instances, IReadOnlySet<string>? offline)
    {
        var total = 0;
        var away = 0;
        var serving = ImmutableArray.CreateBuilder<InstanceView>();
        foreach (var instance in instances)
        {
            total++;
            if (instance.State is InstanceState.Offline || offline?.Contains(instance.Address) is true)
            {
                away++;
            }
            else if (service.MayServe(instance))
            {
                serving.Add(instance);
            }
        }

        return new LanePool(lane, serving.ToImmutable(), total, away, service.PanickedLanes.Contains(lane));
    }
}
