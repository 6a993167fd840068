using Orleans;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>What a call can be delivered to: an activation, or an observer.</summary>
internal abstract class CallTarget(Silo silo, GrainId id)
{
    public Silo Silo { get; } = silo;

    public GrainId GrainId { get; } = id;

    public IIncomingGrainCallFilter[] Filters => Silo.IncomingFilters;

    public virtual bool HasFilters => Filters.Length > 0;

    /// <summary>The object whose methods are called; null once it is gone.</summary>
    public abstract object? Instance { get; }

    public abstract IGrainContext GrainContext { get; }

    /// <summary>Guards the lists here and the state of derived classes.</summary>
    protected Lock Gate { get; } = new();

    protected WorkList Waiting { get; } = new();

    protected WorkList Running { get; } = new();

    /// <summary>Nothing waits or runs here. Approximate.</summary>
    public bool IsIdle => Waiting.Count == 0 && Running.Count == 0;

    /// <summary>Takes the item over; false if this target has ended and another must be found.</summary>
    public abstract bool TryTake(WorkItem item);

    /// <summary>Called within this target, when an item it ran has come to its end.</summary>
    public abstract void Ended(WorkItem item);

    /// <summary>Runs something within this target, with nothing flowing in.</summary>
    public abstract void RunLater(Action action);

    /// <summary>Takes an item back that has not started; false if it has, or is gone.</summary>
    public bool Withdraw(WorkItem item)
    {
        lock (Gate)
        {
            if (!ReferenceEquals(item.Home, Waiting))
            {
                return false;
            }

            Waiting.Remove(item);
            return true;
        }
    }

    /// <summary>Told of each exception that leaves a method.</summary>
    public virtual void Threw(Request request, Exception thrown)
    {
        if (request.Descriptor.OneWay)
        {
            Log.OneWayThrew(Silo.Logger, request.Descriptor, GrainId, thrown);
        }
    }

    /// <summary>Abandons the requests, claimed while they are listed here, that <paramref name="isOver"/> says so of.</summary>
    public void Abandon(Func<Request, bool> isOver, Func<Request, Exception> reason)
    {
        List<Request>? over = null;
        lock (Gate)
        {
            Collect(Waiting);
            Collect(Running);
        }

        for (var i = 0; i < over?.Count; i++)
        {
            over[i].Abandon(reason(over[i]), Silo.Messaging.CancelRequestOnTimeout);
        }

        // No delegate, so that it takes no memory where nothing is over.
        void Collect(WorkList list)
        {
            for (var item = list.First; item is not null; item = item.Next)
            {
                if (item is Request { Descriptor.OneWay: false, IsAbandoned: false } request && isOver(request) && request.TryClaim())
                {
                    (over ??= []).Add(request);
                }
            }
        }
    }
}
