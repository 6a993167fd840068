using Fairway.Core.Directory;
using Fairway.GrainInterfaces.Wire;

namespace Fairway.Gateway.Directory;

/// <summary>
/// What this process knows of one epoch of the directory, and with which sequences. Late and repeated messages change nothing.
/// A new epoch is gathered apart and shown at once when complete. Safe for use by many threads.
/// </summary>
internal sealed class DirectoryMirror(DirectoryStore store, TimeProvider clock)
{
    private static readonly TimeSpan GatheringLimit = TimeSpan.FromSeconds(2);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _services = new(StringComparer.Ordinal);
    private DirectoryTables? _tables;
    private long _tablesVersion = -1;
    private bool _gathering;
    private long _gatheringSince;
    private volatile string _epoch = "";

    /// <summary>The directory's epoch in force; empty before the first.</summary>
    public string Epoch => _epoch;

    /// <summary>Forgets the epoch before; what it showed stays shown until <see cref="Publish"/>.</summary>
    public void Begin(string epoch)
    {
        lock (_gate)
        {
            _epoch = epoch;
            _services.Clear();
            _tables = null;
            _tablesVersion = -1;
            _gathering = true;
            _gatheringSince = clock.GetTimestamp();
        }
    }

    /// <summary>Sequences by service, of those that are there.</summary>
    public Dictionary<string, long> Held()
    {
        lock (_gate)
        {
            return _services.Where(entry => entry.Value.Snapshot is not null)
                .ToDictionary(entry => entry.Key, entry => entry.Value.Sequence, StringComparer.Ordinal);
        }
    }

    public long? SequenceOf(string service)
    {
        lock (_gate)
        {
            return _services.TryGetValue(service, out var held) ? held.Sequence : null;
        }
    }

    public bool Holds(string service)
    {
        lock (_gate)
        {
            return _services.ContainsKey(service);
        }
    }

    public bool IsBehind(string service, long sequence)
    {
        lock (_gate)
        {
            return !_services.TryGetValue(service, out var held) || held.Sequence < sequence;
        }
    }

    public bool TablesBehind(long version)
    {
        lock (_gate)
        {
            return _tablesVersion < version;
        }
    }

    /// <summary>Takes a snapshot unless it is old. False when it is of another epoch.</summary>
    public bool Take(ServiceSnapshotWire wire)
    {
        lock (_gate)
        {
            if (wire.Epoch != _epoch)
            {
                return false;
            }

            if (!_services.TryGetValue(wire.Service, out var held) || held.Sequence < wire.Sequence)
            {
                var snapshot = wire.ToCore();
                _services[wire.Service] = new Entry(wire.Sequence, snapshot);
                Show(new DirectoryChange(clock.GetUtcNow()) { Services = [snapshot] });
            }

            return true;
        }
    }

    /// <summary>Takes tables unless they are old. False when they are of another epoch.</summary>
    public bool Take(DirectoryTablesWire wire)
    {
        lock (_gate)
        {
            if (wire.Epoch != _epoch)
            {
                return false;
            }

            if (_tablesVersion < wire.Version)
            {
                _tablesVersion = wire.Version;
                _tables = wire.ToCore();
                Show(new DirectoryChange(clock.GetUtcNow()) { Tables = _tables });
            }

            return true;
        }
    }

    /// <summary>A service left at <paramref name="sequence"/>. Its sequence is remembered, so that an older snapshot does not bring it back.</summary>
    public void Remove(string service, long sequence)
    {
        lock (_gate)
        {
            if (!_services.TryGetValue(service, out var held) || held.Sequence > sequence)
            {
                return;
            }

            _services[service] = new Entry(sequence, null);
            Show(new DirectoryChange(clock.GetUtcNow()) { Removed = [service] });
        }
    }

    /// <summary>Removes what was held before a renewal and is not in its answer; forgets the removals of earlier ones.</summary>
    public void RemoveAbsent(Dictionary<string, long> before, IEnumerable<ServiceVersion> present)
    {
        var there = present.Select(service => service.Service).ToHashSet(StringComparer.Ordinal);
        foreach (var (service, sequence) in before)
        {
            if (!there.Contains(service))
            {
                Remove(service, sequence);
            }
        }

        lock (_gate)
        {
            foreach (var (service, held) in _services)
            {
                if (held.Snapshot is null && !there.Contains(service) && !before.ContainsKey(service))
                {
                    _services.Remove(service);
                }
            }
        }
    }

    /// <summary>
    /// Shows a gathered epoch when it is complete, or when a service takes too long to publish for the first time; and how
    /// current it is. False while still gathering.
    /// </summary>
    public bool Publish(bool complete, TimeSpan? staleFor)
    {
        lock (_gate)
        {
            if (_gathering && (complete || clock.GetElapsedTime(_gatheringSince) > GatheringLimit))
            {
                _gathering = false;
                store.Restart(new DirectoryChange(clock.GetUtcNow())
                {
                    Services = [.. _services.Values.Where(held => held.Snapshot is not null).Select(held => held.Snapshot!)],
                    Tables = _tables ?? DirectoryTables.Empty,
                    Ready = true,
                });
            }

            SetStale(staleFor);
            return !_gathering;
        }
    }

    /// <param name="staleFor">For how long already; null when current.</param>
    public void SetStale(TimeSpan? staleFor) =>
        store.Apply(new DirectoryChange(clock.GetUtcNow() - (staleFor ?? TimeSpan.Zero)) { Stale = staleFor is not null });

    private void Show(DirectoryChange change)
    {
        if (!_gathering)
        {
            store.Apply(change);
        }
    }

    private sealed record Entry(long Sequence, ServiceSnapshot? Snapshot);
}
