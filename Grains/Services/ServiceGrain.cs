using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Time;
using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Wire;
using Fairway.Grains.Directory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Grains.Services;

/// <summary>
/// A shell around <see cref="ServiceModel"/>: updates go in, and what <see cref="ServiceModel.ShouldPublish"/> calls news
/// goes to the observers. A timer looks again while weights move by themselves.
/// </summary>
internal sealed class ServiceGrain(
    ObserverPush push, GrainClock clock, ServiceModelOptions modelOptions,
    IOptions<DirectoryOptions> options, ILogger<ServiceGrain> logger) : Grain, IServiceGrain
{
    /// <summary>A weight that moves by less stands still.</summary>
    private const double Stillness = 1e-4;

    private readonly DirectoryOptions _options = options.Value;
    private readonly HashSet<StatusSource> _sources = [];
    private ServiceModel _model = null!;
    private IGrainTimer _timer = null!;
    private ImmutableArray<IDirectoryObserver> _observers = [];
    private string _epoch = "";
    private long _input;
    private long _sequence;
    private long _reported;
    private TimeSpan _reportedAt;
    private TimeSpan _movedAt;
    private bool _exists;
    private bool _ticking;
    private ServiceSnapshot? _latest;
    private ServiceSnapshot? _news;
    private ServiceSnapshot? _published;
    private ServiceSnapshotWire? _wire;

    private string Service => this.GetPrimaryKeyString();

    private IRegistryGrain Registry => GrainFactory.GetGrain<IRegistryGrain>(GrainKeys.Registry);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _model = new ServiceModel(Service, modelOptions);
        _timer = this.RegisterGrainTimer(Tick, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await PullAsync();
    }

    public async Task<long> Apply(ServiceUpdate update)
    {
        if (update.Epoch != _epoch || update.InputSequence > _input + 1)
        {
            await PullAsync();
        }
        else if (update.InputSequence == _input + 1)
        {
            Take(update);
        }

        // what is at or below the input held is part of it already
        _reported = _sequence;
        return _sequence;
    }

    public Task<ServiceSnapshotWire?> GetSnapshot(CancellationToken cancellationToken = default) => Task.FromResult(_wire);

    private void Take(ServiceUpdate update)
    {
        var now = Moment.Now(clock.Time);
        _input = update.InputSequence;
        _exists = update.Exists;
        foreach (var step in update.Steps)
        {
            Take(step, now);
        }

        if (update.OfflineChanged)
        {
            _model.SetOffline(update.Offline.Select(mark => mark.ToCore()));
        }

        Moved(now);
        Publish(now);
        if (update.ObserversChanged)
        {
            Welcome(update.Observers);
        }
    }

    private void Take(ServiceStep step, Moment now)
    {
        foreach (var id in step.Removed)
        {
            _model.RemoveInstance(id);
        }

        foreach (var instance in step.Put)
        {
            _model.UpsertInstance(instance.ToCore(), now);
        }

        if (step.PolicyChanged)
        {
            _model.SetPolicy(step.Policy?.ToCore());
        }

        if (step.Status is { } status)
        {
            Take(status, now);
        }
    }

    private void Take(StatusWire status, Moment now)
    {
        var source = new StatusSource(status.Exporter, status.Chunk);
        if (status.Gone)
        {
            _sources.Remove(source);
            _model.DropStatus(status.Exporter, status.Chunk);
        }
        else
        {
            _sources.Add(source);
            _model.ApplyStatus(status.Exporter, status.Chunk, status.ToCore(), now);
        }
    }

    private async Task PullAsync()
    {
        var input = await Registry.GetService(Service);
        var now = Moment.Now(clock.Time);
        logger.ServicePulled(Service, input.Epoch, _input, input.InputSequence);
        var newEpoch = input.Epoch != _epoch;
        _epoch = input.Epoch;
        _input = input.InputSequence;
        _sequence = Math.Max(_sequence, input.SequenceFloor);
        _exists = input.Exists;

        _model.SetInstances(input.Instances.Select(instance => instance.ToCore()), now);
        _model.SetPolicy(input.Policy?.ToCore());
        _model.SetOffline(input.Offline.Select(mark => mark.ToCore()));
        var held = input.Statuses.Select(status => new StatusSource(status.Exporter, status.Chunk)).ToHashSet();
        foreach (var gone in _sources.Except(held).ToList())
        {
            _sources.Remove(gone);
            _model.DropStatus(gone.Exporter, gone.Chunk);
        }

        foreach (var status in input.Statuses)
        {
            Take(status, now);
        }

        Moved(now);
        Publish(now, evenIfSame: newEpoch);
        Welcome(input.Observers);
    }

    private void Publish(Moment now, bool evenIfSame = false)
    {
        if (!_exists)
        {
            Retire();
            return;
        }

        var candidate = _model.Snapshot(now);
        if (HasMoved(candidate))
        {
            _movedAt = now.Elapsed;
        }

        _latest = candidate;
        var isNews = evenIfSame || _model.ShouldPublish(_news, candidate, now);
        if (isNews || _model.HasNewFigures(_published!, candidate, now))
        {
            _sequence++;
            _published = candidate with { Sequence = _sequence, NewsSequence = isNews ? _sequence : _news!.Sequence };
            _news = isNews ? _published : _news;
            var wire = _wire = ServiceSnapshotWire.From(_epoch, _published);
            push.Send(_observers, observer => observer.ServiceChanged(wire));
        }
    }

    /// <summary>The service is gone; the next one of this name begins with a fresh activation.</summary>
    private void Retire()
    {
        if (_published is null)
        {
            return; // asked for by a name that nobody registered; idleness ends it
        }

        var sequence = ++_sequence;
        push.Send(_observers, observer => observer.ServiceRemoved(Service, _epoch, sequence));
        (_news, _published, _latest, _wire) = (null, null, null, null);
        Rest();
        DeactivateOnIdle();
    }

    /// <summary>Those who are new are sent what is in force.</summary>
    private void Welcome(ImmutableArray<IDirectoryObserver> observers)
    {
        var wire = _wire;
        if (wire is not null)
        {
            push.Send([.. observers.Except(_observers)], observer => observer.ServiceChanged(wire));
        }

        _observers = observers;
    }

    private Task Tick()
    {
        var now = Moment.Now(clock.Time);
        Publish(now);
        if (_reported < _sequence && now.Elapsed - _reportedAt >= _options.ReportInterval)
        {
            (_reported, _reportedAt) = (_sequence, now.Elapsed);
            _ = Registry.Published(Service, _epoch, _sequence);
        }

        if (_reported == _sequence && now.Elapsed - _movedAt > _options.QuietAfter)
        {
            Rest();
        }

        return Task.CompletedTask;
    }

    private bool HasMoved(ServiceSnapshot next) =>
        _latest is null
        || _latest.Instances.Length != next.Instances.Length
        || _latest.Instances.Zip(next.Instances).Any(pair =>
            pair.First.Id != pair.Second.Id || Math.Abs(pair.First.Weight - pair.Second.Weight) > Stillness);

    private void Moved(Moment now)
    {
        _movedAt = now.Elapsed;
        if (!_ticking && _exists)
        {
            _ticking = true;
            _timer.Change(_options.ServiceTick, _options.ServiceTick);
        }
    }

    private void Rest()
    {
        _ticking = false;
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
