using System.Security.Cryptography;
using Fairway.Core.Directory;
using Fairway.Core.Time;
using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Grains.Directory;

/// <summary>
/// Reads the registry, lets <see cref="DirectoryReducer"/> say what that means, and tells the rest. Every method
/// interleaves: each turn leaves the state whole, and what an await separates is read again after it.
/// </summary>
[KeepAlive]
internal sealed class RegistryGrain(
    DirectorySource source, DirectoryReducer reducer, LaneSweeper sweeper, ObserverPush push, GrainClock clock,
    DirectoryMetrics metrics, IOptions<DirectoryOptions> options, ILogger<RegistryGrain> logger) : Grain, IRegistryGrain, IDisposable
{
    private readonly DirectoryOptions _options = options.Value;
    private readonly ObserverSet<IDirectoryObserver> _observers = new(clock.Time, options.Value.ObserverLease);
    private readonly RevisionWaiters _waiters = new();
    private readonly CancellationTokenSource _stop = new();
    private DirectoryState _state = DirectoryState.Initial;
    private DirectoryTablesWire _tables = null!;
    private ServiceFeeds _feeds = null!;
    private string _epoch = NewEpoch();
    private Task _watching = Task.CompletedTask;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _tables = new DirectoryTablesWire { Epoch = _epoch, Version = 0 };
        _feeds = new ServiceFeeds(_epoch, GrainFactory, _observers, clock.Time, _options.RetryDelay, logger, _stop.Token);
        this.RegisterGrainTimer(Tick, new GrainTimerCreationOptions(_options.RegistryTick, _options.RegistryTick) { Interleave = true, KeepAlive = true });
        _watching = WatchAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _waiters.Cancel();
        await _watching.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stop.Dispose();

    public Task Wake() => Task.CompletedTask;

    public Task<DirectoryVersions> Renew(string gateway, IDirectoryObserver observer, CancellationToken cancellationToken = default)
    {
        if (_observers.Renew(gateway, observer))
        {
            logger.GatewaySubscribed(gateway);
            _feeds.SendAll();
        }

        return Task.FromResult(new DirectoryVersions { State = StateWire(), TablesVersion = _tables.Version, Services = _feeds.Versions() });
    }

    public Task Leave(string gateway)
    {
        if (_observers.Leave(gateway))
        {
            logger.GatewayLeft(gateway);
            _feeds.SendAll();
        }

        return Task.CompletedTask;
    }

    public Task<DirectoryTablesWire> GetTables(CancellationToken cancellationToken = default) => Task.FromResult(_tables);

    public Task<ServiceInput> GetService(string service)
    {
        metrics.Pulled();
        return Task.FromResult(_feeds.Whole(service));
    }

    public async Task<CaughtUp> CatchUp(long revision, CancellationToken cancellationToken)
    {
        if (_state.Revision < revision)
        {
            await _waiters.WaitAsync(revision, cancellationToken);
        }

        await _feeds.SentAsync(cancellationToken);
        return new CaughtUp(_epoch, _state.Revision, _tables.Version);
    }

    public Task Published(string service, string epoch, long sequence)
    {
        _feeds.Published(service, epoch, sequence);
        return Task.CompletedTask;
    }

    private static string NewEpoch() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private async Task WatchAsync(CancellationToken stop)
    {
        await Task.Yield(); // the activation comes first
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var happened in source.ReadAsync(stop))
                {
                    Take(happened);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                logger.WatchFailed(exception);
                metrics.WatchFaulted();
            }

            Take(new Lost(Moment.Now(clock.Time)));
            await Task.Delay(_options.RetryDelay, clock.Time, stop).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task Tick()
    {
        Take(new Tick(Moment.Now(clock.Time)));
        var lapsed = _observers.DropLapsed();
        foreach (var gateway in lapsed)
        {
            logger.GatewayLapsed(gateway);
            metrics.ObserverLapsed();
        }

        if (lapsed.Length > 0)
        {
            _feeds.SendAll();
        }

        _feeds.RetryDue();
        Report();
        return Task.CompletedTask;
    }

    private void Take(DirectoryEvent happened)
    {
        var wasReady = _state.IsReady;
        (_state, var effects) = reducer.Apply(_state, happened);
        _feeds.State = _state;
        foreach (var effect in effects)
        {
            Take(effect);
        }

        if (!wasReady && _state.IsReady)
        {
            logger.DirectoryListed(_epoch, _state.Revision, _state.Services.Count, _state.Services.Values.Sum(facts => facts.Instances.Count));
            if (_tables.Version == 0)
            {
                SetTables();
            }

            PushState();
        }

        _feeds.SendTouched();
        _waiters.Reached(_state.Revision);
    }

    private void Take(DirectoryEffect effect)
    {
        switch (effect)
        {
            case EpochChanged:
                _epoch = NewEpoch();
                logger.EpochChanged(_epoch);
                _feeds.BeginEpoch(_epoch);
                SetTables();
                PushState();
                break;
            case StaleChanged stale:
                if (stale.Stale)
                {
                    logger.BecameStale();
                }
                else
                {
                    logger.BecameCurrent();
                }

                PushState();
                break;
            case ServiceChanged changed:
                _feeds.Add(changed.Service, new ServiceStep
                {
                    Removed = changed.Removed,
                    Put = [.. changed.Upserted.Select(InstanceWire.From)],
                    PolicyChanged = changed.PolicyChanged,
                    Policy = PolicyWire.From(changed.Policy),
                });
                break;
            case StatusArrived status:
                _feeds.Add(status.Service, new ServiceStep { Status = StatusWire.From(status.Exporter, status.Chunk, status.Batch) });
                break;
            case StatusDropped status:
                _feeds.Add(status.Service, new ServiceStep { Status = StatusWire.From(status.Exporter, status.Chunk, null) });
                break;
            case LaneEnded ended:
                _ = sweeper.SweepAsync(ended.Lane, _stop.Token);
                break;
            case TablesChanged:
                SetTables();
                break;
        }
    }

    private void SetTables()
    {
        _tables = DirectoryTablesWire.From(_epoch, _tables.Version + 1, _state.Tables);
        _feeds.TouchAll();
        push.Send(_observers.All, observer => observer.TablesChanged(_tables));
    }

    private void PushState()
    {
        var state = StateWire();
        push.Send(_observers.All, observer => observer.DirectoryStateChanged(state));
    }

    private DirectoryStateWire StateWire() => new()
    {
        Epoch = _epoch,
        ReadyOnce = _state.IsReady,
        StaleFor = _state.StaleSince is { } since ? Max(clock.Time.GetUtcNow() - since, TimeSpan.Zero) : null,
    };

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private void Report() => metrics.Report(new DirectoryFigures(
        _state.Revision,
        _feeds.Lag,
        _state.StaleSince is not null,
        _feeds.Count,
        _state.Services.Values.Sum(facts => facts.Instances.Count),
        _observers.Count));
}
