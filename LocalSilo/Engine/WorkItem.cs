namespace Fairway.LocalSilo;

/// <summary>One turn to be run by a <see cref="CallTarget"/>: a request, or a tick of a timer.</summary>
internal abstract class WorkItem
{
    /// <summary>What flows into the turn; null when nothing does.</summary>
    public Dictionary<string, object>? Context { get; protected set; }

    public virtual bool AlwaysInterleave => false;

    public virtual bool ReadOnly => false;

    /// <summary>Belongs to this activation alone: may run while it ends, and is never handed on.</summary>
    public virtual bool LocalOnly => false;

    /// <summary>Whether running it counts as use of the activation.</summary>
    public virtual bool KeepsAlive => true;

    /// <summary>Nobody waits for it any more, so it need not start.</summary>
    public virtual bool IsAbandoned => false;

    /// <summary>How often it was handed on from an activation that had ended.</summary>
    public int Forwards { get; set; }

    /// <summary>The list of its target that it stands in.</summary>
    public WorkList? Home { get; set; }

    public WorkItem? Next { get; set; }

    public WorkItem? Previous { get; set; }

    /// <summary>Starts the turn, and sees to it that <see cref="CallTarget.Ended"/> is called at its end.</summary>
    public abstract void Run(CallTarget target);

    /// <summary>Ends it without having run.</summary>
    public abstract void Reject(Exception reason);
}

/// <summary>A list threaded through its items, so that one taken out in the middle costs nothing.</summary>
internal sealed class WorkList
{
    private WorkItem? _last;

    public WorkItem? First { get; private set; }

    public int Count { get; private set; }

    public void Add(WorkItem item)
    {
        item.Home = this;
        item.Previous = _last;
        item.Next = null;
        if (_last is null)
        {
            First = item;
        }
        else
        {
            _last.Next = item;
        }

        _last = item;
        Count++;
    }

    public void Remove(WorkItem item)
    {
        if (item.Previous is null)
        {
            First = item.Next;
        }
        else
        {
            item.Previous.Next = item.Next;
        }

        if (item.Next is null)
        {
            _last = item.Previous;
        }
        else
        {
            item.Next.Previous = item.Previous;
        }

        item.Home = null;
        item.Next = item.Previous = null;
        Count--;
    }
}
