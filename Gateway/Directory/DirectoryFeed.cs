using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Wire;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Directory;

/// <summary>
/// Keeps the <see cref="DirectoryStore"/> current: one observer for the whole process, renewed every few seconds, and a pull of
/// whatever a lost push left behind.
/// </summary>
public sealed class DirectoryFeed(
    IGrainFactory grains, DirectoryStore store, IOptions<GatewayOptions> options, TimeProvider clock, ILogger<DirectoryFeed> logger)
    : BackgroundService
{
    private const int ParallelPulls = 16;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan UnpublishedRetry = TimeSpan.FromMilliseconds(50);

    private readonly string _gateway = options.Value.Id;
    private readonly DirectoryMirror _mirror = new(store, clock);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _wake = new(0, 1);
    private Observer? _observer; // the engine holds observers weakly
    private IDirectoryObserver? _reference;

    /// <summary>
    /// Waits until this Gateway shows what was written at <paramref name="revision"/>, for a bounded time: the write itself has
    /// succeeded, and a watcher that is behind will show it later.
    /// </summary>
    /// <param name="services">The services that the write concerns.</param>
    public async Task CatchUpAsync(long revision, IEnumerable<string> services, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.CatchUpLimit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var caughtUp = await Registry.CatchUp(revision, both.Token);
            if (caughtUp.Epoch != _mirror.Epoch)
            {
                await RenewAsync(both.Token);
                return;
            }

            await PullAsync(caughtUp.TablesVersion, [.. services], both.Token);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.CatchUpFailed(logger, revision, error);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await Registry.Leave(_gateway).WaitAsync(TimeSpan.FromSeconds(1), clock, cancellationToken);
        }
        catch (Exception error)
        {
            Log.LeaveFailed(logger, error); // the lease lapses by itself
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _turn.Dispose();
        _wake.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = options.Value.RenewEvery;
            try
            {
                if (!await RenewAsync(stoppingToken))
                {
                    pause = UnpublishedRetry;
                }
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                Log.RenewFailed(logger, error);
                _mirror.SetStale(TimeSpan.Zero);
                pause = RetryAfter;
            }

            await WaitAsync(pause, stoppingToken);
        }
    }

    private IRegistryGrain Registry => grains.GetGrain<IRegistryGrain>(GrainKeys.Registry);

    private async Task WaitAsync(TimeSpan pause, CancellationToken stoppingToken)
    {
        using var due = new CancellationTokenSource(pause, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, stoppingToken);
        try
        {
            await _wake.WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // Due, or stopping.
        }
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already woken.
        }
        catch (ObjectDisposedException)
        {
            // A push that arrived after the end.
        }
    }

    /// <summary>Renews and pulls what is behind. False while the first listing of an epoch is not complete.</summary>
    private async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            _reference ??= grains.CreateObjectReference<IDirectoryObserver>(_observer = new Observer(this));
            var before = _mirror.Held();
            var versions = await Registry.Renew(_gateway, _reference, cancellationToken);
            if (!versions.State.ReadyOnce)
            {
                _mirror.SetStale(versions.State.StaleFor);
                return false;
            }

            if (versions.State.Epoch != _mirror.Epoch)
            {
                _mirror.Begin(versions.State.Epoch);
                before = _mirror.Held();
            }

            _mirror.RemoveAbsent(before, versions.Services);
            var behind = versions.Services.Where(service => _mirror.IsBehind(service.Service, service.Sequence)).Select(service => service.Service);
            await PullAsync(versions.TablesVersion, [.. behind], cancellationToken);
            var complete = versions.Services.All(service => _mirror.Holds(service.Service));
            return _mirror.Publish(complete, versions.State.StaleFor);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task PullAsync(long tablesVersion, IReadOnlyCollection<string> services, CancellationToken cancellationToken)
    {
        if (_mirror.TablesBehind(tablesVersion))
        {
            _mirror.Take(await Registry.GetTables(cancellationToken));
        }

        var pulls = new ParallelOptions { MaxDegreeOfParallelism = ParallelPulls, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(services, pulls, async (service, token) =>
        {
            var before = _mirror.SequenceOf(service);
            if (await grains.GetGrain<IServiceGrain>(service).GetSnapshot(token) is { } snapshot)
            {
                _mirror.Take(snapshot);
            }
            else if (before is { } sequence)
            {
                _mirror.Remove(service, sequence);
            }
        });
    }

    /// <summary>What the directory pushes to. Its own object, so that the feed's other methods are no grain calls.</summary>
    private sealed class Observer(DirectoryFeed feed) : IDirectoryObserver
    {
        public Task ServiceChanged(ServiceSnapshotWire snapshot)
        {
            if (!feed._mirror.Take(snapshot))
            {
                feed.Wake();
            }

            return Task.CompletedTask;
        }

        public Task ServiceRemoved(string service, string epoch, long sequence)
        {
            if (epoch == feed._mirror.Epoch)
            {
                feed._mirror.Remove(service, sequence);
            }

            return Task.CompletedTask;
        }

        public Task TablesChanged(DirectoryTablesWire tables)
        {
            if (!feed._mirror.Take(tables))
            {
                feed.Wake();
            }

            return Task.CompletedTask;
        }

        public Task DirectoryStateChanged(DirectoryStateWire state)
        {
            if (state.Epoch == feed._mirror.Epoch)
            {
                feed._mirror.SetStale(state.StaleFor);
            }
            else
            {
                feed.Wake();
            }

            return Task.CompletedTask;
        }
    }
}
