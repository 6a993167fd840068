using Fairway.GrainInterfaces.Wire;
using Orleans.Concurrency;

namespace Fairway.GrainInterfaces.Directory;

/// <summary>
/// What a Gateway process is told, one observer a process whatever the number of services. Any of these may be lost, late or
/// out of order: the epoch in force is what <see cref="IRegistryGrain.Renew"/> last said, and within it a lower sequence or
/// tables version than the one held is old.
/// </summary>
[Alias("fairway.IDirectoryObserver")]
public interface IDirectoryObserver : IGrainObserver
{
    [Alias("ServiceChanged")]
    [OneWay]
    Task ServiceChanged(ServiceSnapshotWire snapshot);

    /// <summary>The service has neither instances nor policy nor declaration any more; an earlier sequence is old.</summary>
    [Alias("ServiceRemoved")]
    [OneWay]
    Task ServiceRemoved(string service, string epoch, long sequence);

    [Alias("TablesChanged")]
    [OneWay]
    Task TablesChanged(DirectoryTablesWire tables);

    /// <summary>The registry went away or came back, was listed for the first time, or a new epoch began.</summary>
    [Alias("DirectoryStateChanged")]
    [OneWay]
    Task DirectoryStateChanged(DirectoryStateWire state);
}
