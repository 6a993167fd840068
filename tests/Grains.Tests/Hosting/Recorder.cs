using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Wire;

namespace Fairway.Grains.Tests.Hosting;

/// <summary>An observer that remembers what it was told.</summary>
internal sealed class Recorder : IDirectoryObserver
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ServiceSnapshotWire> _services = [];
    private readonly List<string> _removed = [];
    private readonly List<ServiceSnapshotWire> _history = [];
    private DirectoryTablesWire? _tables;
    private DirectoryStateWire? _state;

    /// <summary>Loses every push while set.</summary>
    public bool IsDeaf { get; set; }

    public DirectoryTablesWire? Tables => Read(() => _tables);

    public DirectoryStateWire? State => Read(() => _state);

    public IReadOnlyList<string> Removed => Read(() => _removed.ToList());

    public IReadOnlyList<ServiceSnapshotWire> History => Read(() => _history.ToList());

    public int Services => Read(() => _services.Count);

    public ServiceSnapshotWire? Snapshot(string service) => Read(() => _services.GetValueOrDefault(service));

    public InstanceViewWire? Instance(string service, string id) => Snapshot(service)?.Instances.FirstOrDefault(instance => instance.Id == id);

    /// <summary>Ids as ranked; empty when the service was never told of.</summary>
    public IReadOnlyList<string> Ranked(string service) => Snapshot(service)?.Instances.Select(instance => instance.Id).ToList() ?? [];

    public Task ServiceChanged(ServiceSnapshotWire snapshot) => Write(() =>
    {
        _history.Add(snapshot);
        if (!_services.TryGetValue(snapshot.Service, out var held) || held.Epoch != snapshot.Epoch || held.Sequence < snapshot.Sequence)
        {
            _services[snapshot.Service] = snapshot;
        }
    });

    public Task ServiceRemoved(string service, string epoch, long sequence) => Write(() =>
    {
        _removed.Add(service);
        _services.Remove(service);
    });

    /// <summary>Over TCP one push may overtake another.</summary>
    public Task TablesChanged(DirectoryTablesWire tables) => Write(() =>
    {
        if (_tables is null || _tables.Epoch != tables.Epoch || _tables.Version < tables.Version)
        {
            _tables = tables;
        }
    });

    public Task DirectoryStateChanged(DirectoryStateWire state) => Write(() => _state = state);

    private T Read<T>(Func<T> read)
    {
        lock (_gate)
        {
            return read();
        }
    }

    private Task Write(Action write)
    {
        lock (_gate)
        {
            if (!IsDeaf)
            {
                write();
            }
        }

        return Task.CompletedTask;
    }
}
