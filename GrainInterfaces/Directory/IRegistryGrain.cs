using Fairway.GrainInterfaces.Wire;
using Orleans.Concurrency;

namespace Fairway.GrainInterfaces.Directory;

/// <summary>
/// The only watcher of the registry in the cluster, under the key <see cref="GrainKeys.Registry"/>. It keeps the
/// tables, hands each <see cref="IServiceGrain"/> what concerns its service, and knows which Gateways listen.
/// </summary>
[Alias("fairway.IRegistryGrain")]
public interface IRegistryGrain : IGrainWithStringKey
{
    /// <summary>Starts watching if it does not yet; every silo calls it at start.</summary>
    [Alias("Wake")]
    Task Wake();

    /// <summary>
    /// Subscribes the Gateway process <paramref name="gateway"/>, or renews its subscription; a renewal is due every 5 s and
    /// the subscription lapses 15 s after the last. The answer says what is in force, so that the caller pulls what it missed:
    /// a service whose sequence or epoch differs by <see cref="IServiceGrain.GetSnapshot"/>, the tables by
    /// <see cref="GetTables"/>. A service the caller held before the call and that the answer lacks is gone.
    /// </summary>
    /// <param name="gateway">The caller's name; one observer a name, the latest wins.</param>
    [Alias("Renew")]
    [AlwaysInterleave]
    Task<DirectoryVersions> Renew(string gateway, IDirectoryObserver observer, CancellationToken cancellationToken = default);

    /// <summary>Ends the subscription of <paramref name="gateway"/>.</summary>
    [Alias("Leave")]
    [AlwaysInterleave]
    Task Leave(string gateway);

    /// <summary>The tables in force; empty ones with version 0 before the first listing.</summary>
    [Alias("GetTables")]
    [AlwaysInterleave]
    Task<DirectoryTablesWire> GetTables(CancellationToken cancellationToken = default);

    /// <summary>Everything a <see cref="IServiceGrain"/> needs to build its service anew.</summary>
    [Alias("GetService")]
    [AlwaysInterleave]
    Task<ServiceInput> GetService(string service);

    /// <summary>
    /// Completes once the watch has passed <paramref name="revision"/> and the service grains have applied it, so that
    /// <see cref="IServiceGrain.GetSnapshot"/> and <see cref="GetTables"/> show a write that returned that revision. Waits as
    /// long as the caller's token lets it: bound it.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    [Alias("CatchUp")]
    [AlwaysInterleave]
    Task<CaughtUp> CatchUp(long revision, CancellationToken cancellationToken);

    /// <summary>A service grain tells the sequence of a snapshot it published by itself, so that <see cref="Renew"/> knows.</summary>
    [Alias("Published")]
    [AlwaysInterleave]
    [OneWay]
    Task Published(string service, string epoch, long sequence);
}
