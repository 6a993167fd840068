using System.Collections.Immutable;
using Fairway.GrainInterfaces.Directory;

namespace Fairway.Grains.Directory;

/// <summary>Who listens: one observer a Gateway, until its lease lapses. Times are timestamps of the given clock.</summary>
internal sealed class ObserverSet(TimeProvider time, TimeSpan lease)
{
    private readonly Dictionary<string, (IDirectoryObserver Observer, long Renewed)> _byGateway = new(StringComparer.Ordinal);

    /// <summary>All observers, ordered by gateway.</summary>
    public ImmutableArray<IDirectoryObserver> All { get; private set; } = [];

    public int Count => _byGateway.Count;

    /// <summary>Subscribes or renews. Returns whether <see cref="All"/> changed.</summary>
    public bool Renew(string gateway, IDirectoryObserver observer)
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
        ImmutableArray<string> lapsed =
            [.. _byGateway.Where(entry => time.GetElapsedTime(entry.Value.Renewed) > lease).Select(entry => entry.Key)];
        foreach (var gateway in lapsed)
        {
            _byGateway.Remove(gateway);
        }

        if (lapsed.Length > 0)
        {
            Rebuild();
        }

        return lapsed;
    }

    private bool Rebuild()
    {
        All = [.. _byGateway.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value.Observer)];
        return true;
    }
}
