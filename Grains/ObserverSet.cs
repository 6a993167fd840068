using System.Collections.Immutable;

namespace Fairway.Grains;

/// <summary>Who listens: one observer a Gateway, until its lease lapses. Times are timestamps of the given clock.</summary>
internal sealed class ObserverSet<TObserver>(TimeProvider time, TimeSpan lease)
    where TObserver : IGrainObserver
{
    private readonly Dictionary<string, (TObserver Observer, long Renewed)> _byGateway = new(StringComparer.Ordinal);

    /// <summary>All observers, ordered by gateway.</summary>
    public ImmutableArray<TObserver> All { get; private set; } = [];

    public int Count => _byGateway.Count;

    /// <summary>All observers but that of one gateway.</summary>
    public ImmutableArray<TObserver> Besides(string? gateway) => gateway is null || !_byGateway.ContainsKey(gateway) ? All
        : Count == 1 ? []
        : Ordered(_byGateway.Where(entry => entry.Key != gateway));

    /// <summary>Subscribes or renews. Returns whether <see cref="All"/> changed.</summary>
    public bool Renew(string gateway, TObserver observer)
    {
        var same = _byGateway.TryGetValue(gateway, out var held) && held.Observer.Equals(observer);
        _byGateway[gateway] = (observer, time.GetTimestamp());
        return !same && Rebuild();
    }

    /// <summary>Ends a subscription. Returns whether there was one.</summary>
    public bool Leave(string gateway) => _byGateway.Remove(gateway) && Rebuild();

    /// <summary>Drops those that did not renew within the lease, and names them.</summary>
    public ImmutableArray<string> DropLapsed()
    {
        var (now, hasLapsed) = (time.GetTimestamp(), false);
        foreach (var (_, renewed) in _byGateway.Values)
        {
            hasLapsed |= time.GetElapsedTime(renewed, now) > lease;
        }

        if (!hasLapsed)
        {
            return []; // asked at every push, so this takes no memory
        }

        ImmutableArray<string> lapsed =
            [.. _byGateway.Where(entry => time.GetElapsedTime(entry.Value.Renewed, now) > lease).Select(entry => entry.Key)];
        foreach (var gateway in lapsed)
        {
            _byGateway.Remove(gateway);
        }

        Rebuild();
        return lapsed;
    }

    private bool Rebuild()
    {
        All = Ordered(_byGateway);
        return true;
    }

    private static ImmutableArray<TObserver> Ordered(IEnumerable<KeyValuePair<string, (TObserver Observer, long Renewed)>> entries) =>
        [.. entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value.Observer)];
}
