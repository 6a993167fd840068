using Orleans;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>
/// A client's object that can be called. Held weakly: its owner keeps it alive. Calls run one after the other,
/// outside grains; those marked so run at once.
/// </summary>
internal sealed class Observer(Silo silo, GrainId id, IGrainObserver target) : CallTarget(silo, id), IGrainContext
{
    private readonly WeakReference<IGrainObserver> _target = new(target);
    private bool _busy;
    private volatile bool _deleted;

    public GrainReference GrainReference => InterfaceDescriptor.For<IGrainObserver>.Value.NewReference(Silo, GrainId);

    public object? GrainInstance => Instance;

    public IServiceProvider ActivationServices => Silo.Services;

    public Task Deactivated { get; } = new TaskCompletionSource().Task;

    public override object? Instance => !_deleted && _target.TryGetTarget(out var target) ? target : null;

    public override IGrainContext GrainContext => this;

    public override bool TryTake(WorkItem item)
    {
        if (Instance is null)
        {
            return false;
        }

        lock (Gate)
        {
            ((Request)item).TakenBy(this);
            if (_busy && !item.AlwaysInterleave)
            {
                Waiting.Add(item);
                return true;
            }

            _busy |= !item.AlwaysInterleave;
            Running.Add(item);
        }

        Begin(item);
        return true;
    }

    public override void Ended(WorkItem item)
    {
        WorkItem? next = null;
        lock (Gate)
        {
            Running.Remove(item);
            if (!item.AlwaysInterleave)
            {
                next = Waiting.First;
                _busy = next is not null;
                if (next is not null)
                {
                    Waiting.Remove(next);
                    Running.Add(next);
                }
            }
        }

        if (next is not null)
        {
            Begin(next);
        }
    }

    public override void RunLater(Action action) => ThreadPool.UnsafeQueueUserWorkItem(static act => act(), action, preferLocal: false);

    public void Delete() => _deleted = true;

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("An observer is deleted by its reference, not deactivated.");

    public object? GetTarget() => Instance;

    public object? GetComponent(Type componentType) => componentType.IsInstanceOfType(Instance) ? Instance : null;

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => GrainId.GetHashCode();

    public override string ToString() => $"observer {GrainId}";

    private void Begin(WorkItem item) =>
        ThreadPool.UnsafeQueueUserWorkItem(
            static work =>
            {
                if (work.item.IsAbandoned)
                {
                    work.self.Ended(work.item);
                    return;
                }

                var keeper = LastAnswer.Begin();
                RequestContext.Current = work.item.Context;
                work.item.Run(work.self);
                RequestContext.Current = null;
                LastAnswer.End(keeper);
            },
            (self: this, item),
            preferLocal: false);
}
