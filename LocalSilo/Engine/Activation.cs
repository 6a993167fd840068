using Fairway.Core.Time;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Fairway.LocalSilo;

/// <summary>
/// One grain in memory. Decides which turns may run beside which, and walks through its life:
/// activating, valid, deactivating, gone.
/// </summary>
internal sealed partial class Activation : CallTarget, IGrainContext
{
    private readonly TurnScheduler _scheduler;
    private readonly Queue<WorkItem> _ready = new();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AsyncServiceScope _scope;
    private Dictionary<Guid, int>? _sections;
    private HashSet<IDisposable>? _timers;
    private WorkItem? _blocking;
    private bool _pumping;
    private object? _instance;

    public Activation(Silo silo, GrainClass grainClass, GrainId id)
        : base(silo, id)
    {
        Class = grainClass;
        _scheduler = new TurnScheduler(this);
        GrainReference = grainClass.MainContract.NewReference(silo, id);
        LastUsed = silo.CollectionClock.GetTimestamp();
    }

    /// <summary>The activation whose turn this code is; null outside grains.</summary>
    public static Activation? Current => (TaskScheduler.Current as TurnScheduler)?.Owner;

    public GrainClass Class { get; }

    public GrainReference GrainReference { get; }

    public object? GrainInstance => _instance;

    public IServiceProvider ActivationServices => _scope.ServiceProvider;

    public Task Deactivated => _gone.Task;

    public override object? Instance => _instance;

    public override IGrainContext GrainContext => this;

    public override bool HasFilters => Class.IsFilter || base.HasFilters;

    /// <summary>How many requests were started. Approximate while it runs.</summary>
    public long Calls { get; private set; }

    /// <summary>When the last turn that counts as use ended.</summary>
    public long LastUsed { get; private set; }

    public bool IsValid => _state == State.Valid;

    public TimingWheel<Activation>.Entry? CollectionEntry { get; set; }

    public override bool TryTake(WorkItem item)
    {
        lock (Gate)
        {
            if (_state == State.Gone)
            {
                return false;
            }

            (item as Request)?.TakenBy(this);
            if (Accepts(item) && MayRun(item))
            {
                MakeReady(item);
                PumpUnlessPumping();
            }
            else
            {
                Waiting.Add(item);
            }

            return true;
        }
    }

    public override void Ended(WorkItem item)
    {
        lock (Gate)
        {
            Running.Remove(item);
            if (item.KeepsAlive)
            {
                LastUsed = Silo.CollectionClock.GetTimestamp();
            }

            if (ReferenceEquals(_blocking, item))
            {
                _blocking = FirstBlocking();
            }

            Promote();
        }
    }

    public override void Threw(Request request, Exception thrown)
    {
        base.Threw(request, thrown);
        if (thrown is InconsistentStateException { IsSourceActivation: true } inconsistent)
        {
            inconsistent.IsSourceActivation = false;
            Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, "Its state was changed by another: " + thrown.Message));
        }
    }

    public override void RunLater(Action action) => _scheduler.RunLater(action);

    public void EnterReentrantSection(Guid id)
    {
        lock (Gate)
        {
            _sections ??= [];
            _sections[id] = _sections.GetValueOrDefault(id) + 1;
            Promote();
        }
    }

    public void ExitReentrantSection(Guid id)
    {
        lock (Gate)
        {
            if (_sections is not null && _sections.TryGetValue(id, out var depth))
            {
                if (depth > 1)
                {
                    _sections[id] = depth - 1;
                }
                else
                {
                    _sections.Remove(id);
                }
            }
        }
    }

    public object? GetTarget() => _instance;

    public object? GetComponent(Type componentType) =>
        componentType.IsInstanceOfType(_instance) ? _instance : componentType.IsInstanceOfType(this) ? this : ActivationServices.GetService(componentType);

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => GrainId.GetHashCode();

    public override string ToString() => $"{GrainId} of {Class.Type}";

    /// <summary>Starts what is ready. Called by the scheduler.</summary>
    public void Pump()
    {
        _pumping = true;
        while (true)
        {
            WorkItem? item;
            lock (Gate)
            {
                if (!_ready.TryDequeue(out item))
                {
                    _pumping = false;
                    EndIfIdle();
                    return;
                }
            }

            if (item.IsAbandoned)
            {
                Ended(item);
                continue;
            }

            LastAnswer.PassOn();
            Calls += item.LocalOnly ? 0 : 1;
            if (item.Context is { } context)
            {
                RequestContext.Current = context;
                item.Run(this);
                RequestContext.Current = null;
            }
            else
            {
                item.Run(this);
                if (RequestContext.Current is not null)
                {
                    RequestContext.Current = null; // what the turn set stays with the turn
                }
            }
        }
    }

    private bool Accepts(WorkItem item) => _state == State.Valid || (_state == State.Deactivating && item.LocalOnly && !_ending);

    private bool MayRun(WorkItem item) =>
        Running.Count == 0
        || item.AlwaysInterleave
        || Class.Reentrant
        || _blocking is null
        || (item.ReadOnly && _blocking.ReadOnly)
        || (_sections is { Count: > 0 } && RequestContext.ReentrancyIdOf(item.Context) is var id && id != Guid.Empty && _sections.ContainsKey(id));

    private void MakeReady(WorkItem item)
    {
        Running.Add(item);
        if (_blocking is null && !item.AlwaysInterleave)
        {
            _blocking = item;
        }

        _ready.Enqueue(item);
    }

    /// <summary>
    /// What else keeps others out, when the one that did has ended: a read-only request beside it still does.
    /// A request let in by its call chain is waited for by one that blocks, so it cannot outlive it unless it was not awaited.
    /// </summary>
    private WorkItem? FirstBlocking()
    {
        for (var item = Running.First; item is not null; item = item.Next)
        {
            if (!item.AlwaysInterleave)
            {
                return item;
            }
        }

        return null;
    }

    /// <summary>Makes ready what may run now. Called with the gate held.</summary>
    private void Promote(bool all = false)
    {
        for (var item = Waiting.First; item is not null;)
        {
            var next = item.Next;
            if (Accepts(item) && MayRun(item))
            {
                Waiting.Remove(item);
                MakeReady(item);
            }
            else if (!all && _sections is not { Count: > 0 } && _blocking is not { ReadOnly: true } && _state == State.Valid)
            {
                break; // nothing behind it could overtake it
            }

            item = next;
        }

        if (_ready.Count > 0 || (_state == State.Deactivating && Running.Count == 0))
        {
            PumpUnlessPumping();
        }
    }

    private void PumpUnlessPumping()
    {
        // A pump that is at work looks again, under the gate, before it stops.
        if (!_pumping)
        {
            _scheduler.PumpSoon();
        }
    }
}
