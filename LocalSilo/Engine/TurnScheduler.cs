namespace Fairway.LocalSilo;

/// <summary>Runs the turns of one activation, and what they await, one at a time on threads of the pool.</summary>
internal sealed class TurnScheduler(Activation owner) : TaskScheduler, IThreadPoolWorkItem
{
    /// <summary>How long, in milliseconds, one activation may keep a thread while others wait.</summary>
    private const long Slice = 100;

    [ThreadStatic]
    private static TurnScheduler? t_running;

    private readonly Lock _gate = new();
    private readonly Queue<Task> _tasks = new();
    private bool _pumpDue;
    private bool _scheduled;

    public Activation Owner { get; } = owner;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Has <see cref="Activation.Pump"/> run soon.</summary>
    public void PumpSoon()
    {
        lock (_gate)
        {
            _pumpDue = true;
            Schedule();
        }
    }

    /// <summary>Runs something as a turn of its own, with nothing flowing in.</summary>
    public void RunLater(Action action)
    {
        using (Flow.Suppressed())
        {
            new Task(action, TaskCreationOptions.DenyChildAttach).Start(this);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        var outer = t_running;
        t_running = this;
        var began = Environment.TickCount64;
        try
        {
            while (true)
            {
                Task? next = null;
                lock (_gate)
                {
                    if (_pumpDue)
                    {
                        _pumpDue = false;
                    }
                    else if (!_tasks.TryDequeue(out next))
                    {
                        _scheduled = false;
                        return;
                    }
                }

                if (next is not null)
                {
                    TryExecuteTask(next);
                }
                else
                {
                    // Within a task, so that what is awaited comes back here.
                    new Task(static owner => ((Activation)owner!).Pump(), Owner, TaskCreationOptions.DenyChildAttach).RunSynchronously(this);
                }

                if (Environment.TickCount64 - began > Slice)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    return;
                }
            }
        }
        finally
        {
            t_running = outer;
        }
    }

    protected override void QueueTask(Task task)
    {
        lock (_gate)
        {
            _tasks.Enqueue(task);
            Schedule();
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(t_running, this) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_gate)
        {
            return [.. _tasks];
        }
    }

    private void Schedule()
    {
        if (!_scheduled)
        {
            _scheduled = true;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }
}
