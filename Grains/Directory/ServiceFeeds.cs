using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Wire;
using Microsoft.Extensions.Logging;

namespace Fairway.Grains.Directory;

/// <summary>
/// One <see cref="ServiceFeed"/> a service: what happened is noted at once and sent beside the turns of the grain that
/// owns this, so that a slow service holds up nobody. Used within that grain's turns only.
/// </summary>
internal sealed class ServiceFeeds(
    string epoch, IGrainFactory grains, ObserverSet<IDirectoryObserver> observers, TimeProvider time, TimeSpan retryDelay, ILogger logger, CancellationToken stop)
{
    /// <summary>How many numbers each start of a feed or of a service grain has to itself.</summary>
    private const long Span = 1_000_000_000;

    private readonly Dictionary<string, ServiceFeed> _feeds = new(StringComparer.Ordinal);
    private readonly HashSet<ServiceFeed> _touched = [];
    private ImmutableHashSet<string> _declared = [];
    private DirectoryState _state = DirectoryState.Initial;
    private string _epoch = epoch;
    private long _starts;
    private long _appliedRevision;
    private int _sending;

    public int Count => _feeds.Count;

    /// <summary>How many revisions ago every service grain knew all.</summary>
    public long Lag => _sending == 0 ? 0 : Math.Max(0, _state.Revision - _appliedRevision);

    /// <summary>What the registry says; set it before what changed is added.</summary>
    public DirectoryState State
    {
        set
        {
            if (!ReferenceEquals(value.Tables, _state.Tables))
            {
                _declared = value.Tables.Declarations.Values.SelectMany(services => services).Select(declaration => declaration.Service)
                    .ToImmutableHashSet(StringComparer.Ordinal);
            }

            _state = value;
        }
    }

    public void BeginEpoch(string epoch)
    {
        _epoch = epoch;
        foreach (var feed in _feeds.Values)
        {
            feed.ForgetSnapshot();
        }

        TouchAll();
    }

    public void Add(string service, ServiceStep step)
    {
        if (Find(service) is { } feed)
        {
            feed.Add(step);
            _touched.Add(feed);
        }
    }

    /// <summary>Something that concerns many services changed; whom it really concerns is found when sending.</summary>
    public void TouchAll()
    {
        foreach (var service in _declared)
        {
            Find(service);
        }

        _touched.UnionWith(_feeds.Values);
    }

    public void SendTouched()
    {
        foreach (var feed in _touched)
        {
            Send(feed);
        }

        _touched.Clear();
    }

    public void SendAll()
    {
        TouchAll();
        SendTouched();
    }

    public void RetryDue()
    {
        var now = Elapsed();
        foreach (var feed in _feeds.Values.Where(feed => feed.RetryAt <= now).ToList())
        {
            Send(feed);
        }
    }

    public void Published(string service, string epoch, long sequence)
    {
        if (epoch == _epoch && _feeds.TryGetValue(service, out var feed))
        {
            feed.Published(sequence);
        }
    }

    public ImmutableArray<ServiceVersion> Versions() =>
        [.. _feeds.Values.Where(feed => Exists(feed.Service)).Select(feed => new ServiceVersion(feed.Service, feed.SnapshotSequence))];

    /// <summary>The whole of a service; what waits to be sent is part of it.</summary>
    public ServiceInput Whole(string service)
    {
        var facts = _state.Services.GetValueOrDefault(service, ServiceFacts.Empty);
        var offline = OfflineOf(facts);
        var exists = Exists(service);
        return new ServiceInput
        {
            Epoch = _epoch,
            InputSequence = Find(service)?.HandOver(_epoch, exists, offline, observers.All) ?? 0,
            SequenceFloor = ++_starts * Span,
            Exists = exists,
            Instances = [.. facts.Instances.Values.Select(InstanceWire.From)],
            Statuses = [.. facts.Statuses.Select(entry => StatusWire.From(entry.Key.Exporter, entry.Key.Chunk, entry.Value))],
            Policy = PolicyWire.From(facts.Policy),
            Offline = offline,
            Observers = observers.All,
        };
    }

    /// <summary>Completes when what waits or is under way now was sent, with or without success.</summary>
    public async Task SentAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(_feeds.Values.Select(feed => feed.Sending).Where(sending => !sending.IsCompleted)).WaitAsync(cancellationToken);

    private bool Exists(string service) =>
        (_state.Services.TryGetValue(service, out var facts) && (!facts.Instances.IsEmpty || facts.Policy is not null))
        || _declared.Contains(service);

    private ServiceFeed? Find(string service)
    {
        if (!_feeds.TryGetValue(service, out var feed) && Exists(service))
        {
            feed = new ServiceFeed(service, grains.GetGrain<IServiceGrain>(service), ++_starts * Span);
            _feeds.Add(service, feed);
        }

        return feed;
    }

    private ImmutableArray<OfflineWire> OfflineOf(ServiceFacts facts)
    {
        var marks = _state.Tables.Offline;
        return marks.IsEmpty
            ? []
            : [.. facts.Instances.Values.Select(instance => instance.Address).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Where(marks.ContainsKey).Select(address => OfflineWire.From(marks[address]))];
    }

    private void Send(ServiceFeed feed)
    {
        if (feed.Sending.IsCompleted)
        {
            feed.Sending = SendAsync(feed);
        }
    }

    private async Task SendAsync(ServiceFeed feed)
    {
        RequestContext.Clear(); // whoever asked first is not whom this is for
        _sending++;
        try
        {
            while (Next(feed) is { } update)
            {
                var sequence = await feed.Grain.Apply(update);
                if (stop.IsCancellationRequested)
                {
                    return;
                }

                feed.Succeeded();
                Published(feed.Service, update.Epoch, sequence);
            }

            if (!Exists(feed.Service))
            {
                _feeds.Remove(feed.Service);
            }
        }
        catch (Exception exception)
        {
            feed.Failed(Elapsed() + retryDelay);
            if (!stop.IsCancellationRequested)
            {
                logger.ServiceUpdateFailed(exception, feed.Service);
            }
        }
        finally
        {
            if (--_sending == 0)
            {
                _appliedRevision = _state.Revision;
            }
        }
    }

    private ServiceUpdate? Next(ServiceFeed feed) => feed.Next(
        _epoch, Exists(feed.Service), OfflineOf(_state.Services.GetValueOrDefault(feed.Service, ServiceFacts.Empty)), observers.All);

    private TimeSpan Elapsed() => time.GetElapsedTime(0, time.GetTimestamp());
}
