using System.Collections.Concurrent;
using Fairway.Core.Time;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>The engine: knows every activation and observer of the process, and delivers calls to them.</summary>
internal sealed partial class Silo : IDisposable
{
    private static readonly GrainType ObserverType = GrainType.Create("sys.client");

    private readonly ActivationTable _activations = new();
    private readonly ConcurrentDictionary<GrainId, Observer> _observers = new();
    private readonly ConcurrentQueue<Request> _lost = new();
    private readonly Lock _collectionGate = new();
    private readonly TimingWheel<Activation> _wheel;
    private readonly List<ITimer> _timers = [];
    private GrainClasses _classes = GrainClasses.None;
    private Phase _phase = Phase.Created;
    private long _lastObserver;

    public Silo(IServiceProvider services, IOptions<SiloMessagingOptions> messaging, IOptions<GrainCollectionOptions> collection, ILogger<Silo> logger)
    {
        Services = services;
        Messaging = messaging.Value;
        Collection = collection.Value;
        Logger = logger;
        GrainClock = services.GetRequiredKeyedService<TimeProvider>(Clocks.Grains);
        GrainTimers = new SharedTimers(GrainClock);
        MessagingClock = services.GetRequiredKeyedService<TimeProvider>(Clocks.Messaging);
        CollectionClock = services.GetRequiredKeyedService<TimeProvider>(Clocks.Activations);
        _wheel = new TimingWheel<Activation>(CollectionClock.TimestampFrequency, CollectionClock.GetTimestamp(), Collection.CollectionQuantum);
    }

    private enum Phase
    {
        Created,
        Running,
        Stopping,
        Stopped,
    }

    public IServiceProvider Services { get; }

    public SiloMessagingOptions Messaging { get; }

    public GrainCollectionOptions Collection { get; }

    public ILogger Logger { get; }

    public TimeProvider GrainClock { get; }

    /// <summary>What timers of grains run on; most are put off again and again, and never fire.</summary>
    public SharedTimers GrainTimers { get; }

    public TimeProvider MessagingClock { get; }

    public TimeProvider CollectionClock { get; }

    public IIncomingGrainCallFilter[] IncomingFilters { get; private set; } = [];

    public IOutgoingGrainCallFilter[] OutgoingFilters { get; private set; } = [];

    public bool HasOutgoingFilters => OutgoingFilters.Length > 0;

    public IEnumerable<Activation> Activations => _activations;

    public GrainClasses Classes => _classes;

    /// <exception cref="ArgumentException">No class, or no single one, implements the interface.</exception>
    public GrainId IdFor(Type contract, string key, string? classNamePrefix)
    {
        if (_phase == Phase.Created)
        {
            throw new InvalidOperationException("The silo has not started: grains can be had from a startup task on, or once the host has started.");
        }

        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        return GrainId.Create(_classes.For(contract, classNamePrefix).GrainType, key);
    }

    public long DeadlineFor(TimeSpan? timeout) =>
        MessagingClock.GetTimestamp() + (long)((timeout ?? Messaging.ResponseTimeout).TotalSeconds * MessagingClock.TimestampFrequency);

    /// <summary>Brings a request to its target, which is made if need be.</summary>
    public void Deliver(Request request)
    {
        var reference = request.Reference;
        if (reference.LastTarget is { } last && last.TryTake(request))
        {
            return;
        }

        reference.LastTarget = Find(request);
    }

    /// <summary>Brings a request that an ended activation had queued to the next one; too often, and it is rejected.</summary>
    public void HandOn(Request request, DeactivationReason reason)
    {
        if (reason.Exception is { } failure)
        {
            request.Reject(failure);
        }
        else if (request.Forwards++ >= Messaging.MaxForwardCount)
        {
            request.Reject(new OrleansMessageRejectionException(
                $"{request.Descriptor} to {request.Reference.GrainId} was handed on {Messaging.MaxForwardCount} times, each time to an activation that ended: {reason}"));
        }
        else
        {
            Find(request);
        }
    }

    public void Activated(Activation activation)
    {
        if (activation.Class.CollectionAge is { } age)
        {
            ScheduleCollection(activation, CollectionClock.GetTimestamp() + (long)(age.TotalSeconds * CollectionClock.TimestampFrequency));
        }
    }

    /// <summary>Forgets an activation that has come to its end.</summary>
    public void Remove(Activation activation)
    {
        _activations.Remove(activation);
        activation.Class.AddRetired(activation.Calls);
        lock (_collectionGate)
        {
            activation.CollectionEntry?.Cancel();
            activation.CollectionEntry = null;
        }
    }

    /// <exception cref="InvalidOperationException">Called within a grain.</exception>
    /// <exception cref="ArgumentException">The object is a grain or a reference already.</exception>
    public GrainReference AddObserver(Type contract, IGrainObserver target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (Activation.Current is not null)
        {
            throw new InvalidOperationException("A grain cannot make a reference to an object of its own: it is called as a grain.");
        }

        if (target is GrainReference or IGrainBase)
        {
            throw new ArgumentException("The object is a grain or a reference already.", nameof(target));
        }

        var id = GrainId.Create(ObserverType, $"{Environment.ProcessId}+{Interlocked.Increment(ref _lastObserver)}");
        _observers[id] = new Observer(this, id, target);
        return InterfaceDescriptor.Of(contract).NewReference(this, id);
    }

    /// <exception cref="ArgumentException">Not a reference, or not of a known object.</exception>
    public void RemoveObserver(IGrainObserver reference)
    {
        if (reference is not GrainReference known)
        {
            throw new ArgumentException("An observer is deleted by its reference.", nameof(reference));
        }

        if (!_observers.TryRemove(known.GrainId, out var observer))
        {
            throw new ArgumentException("The reference is not of a known object.", nameof(reference));
        }

        observer.Delete();
    }

    private CallTarget? Find(Request request)
    {
        var id = request.Reference.GrainId;
        if (id.Type == ObserverType)
        {
            return FindObserver(request, id);
        }

        while (true)
        {
            if (!_activations.TryGet(id, out var activation))
            {
                if (_phase != Phase.Running)
                {
                    request.Reject(new SiloUnavailableException($"The silo is not running; {request.Descriptor} to {id} is rejected."));
                    return null;
                }

                if (_classes.Find(id.Type) is not { } grainClass)
                {
                    request.Reject(new ArgumentException($"No grain class has the type {id.Type}."));
                    return null;
                }

                var made = new Activation(this, grainClass, id);
                activation = _activations.GetOrAdd(made);
                if (ReferenceEquals(activation, made))
                {
                    made.Start(request.Context);
                }
            }

            if (activation.TryTake(request))
            {
                return activation;
            }
        }
    }

    private Observer? FindObserver(Request request, GrainId id)
    {
        if (_observers.TryGetValue(id, out var observer))
        {
            if (observer.TryTake(request))
            {
                return observer;
            }

            _observers.TryRemove(id, out _);
        }

        Log.ObserverGone(Logger, id, request.Descriptor);
        if (!request.Descriptor.OneWay)
        {
            _lost.Enqueue(request); // nobody will answer: the caller finds out by its time-out
        }

        return null;
    }
}
