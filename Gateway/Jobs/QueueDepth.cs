namespace Fairway.Gateway.Jobs;

/// <summary>
/// How many jobs wait: those in the queue as of the last look, what this process put in and took out since, and what waits here.
/// Other Gateways' part is as old as the look.
/// </summary>
internal sealed class QueueDepth
{
    private readonly Lock _gate = new();
    private long _inQueue;
    private int _ready;
    private int _admitted;

    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return Sum();
            }
        }
    }

    /// <summary>A place, until it is given back or its job is in the queue; null where as many wait as may.</summary>
    public JobSlot? TryAdmit(int capacity)
    {
        var slot = new JobSlot(() => Change(ref _admitted, -1));
        if (Change(ref _admitted, 1) <= capacity)
        {
            return slot;
        }

        slot.Dispose();
        return null;
    }

    public void Published()
    {
        lock (_gate)
        {
            _inQueue++;
        }
    }

    public void Delivered()
    {
        lock (_gate)
        {
            _inQueue--;
        }
    }

    public void Readied() => Change(ref _ready, 1);

    public void Dequeued() => Change(ref _ready, -1);

    /// <summary>To be taken before the queue is asked, for <see cref="Found"/>.</summary>
    public long Snapshot()
    {
        lock (_gate)
        {
            return _inQueue;
        }
    }

    /// <summary>The queue holds so many; what changed while it was asked is added.</summary>
    public void Found(uint waiting, long before)
    {
        lock (_gate)
        {
            _inQueue = waiting + Math.Max(0, _inQueue - before);
        }
    }

    private int Sum() => (int)Math.Max(0, _inQueue) + _ready + _admitted;

    private int Change(ref int count, int by)
    {
        lock (_gate)
        {
            count += by;
            return Sum();
        }
    }
}
