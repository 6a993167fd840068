using System.Runtime.ExceptionServices;

namespace Fairway.LocalSilo;

/// <summary>
/// Runs the turns of one activation, and what they await, one at a time on threads of the pool. Everything runs within a
/// task of this scheduler, one for as long as there is work; what turns await comes back through <see cref="TurnContext"/>.
/// </summary>
internal sealed class TurnScheduler : TaskScheduler, IThreadPoolWorkItem
{
    /// <summary>How long, in milliseconds, one activation may keep a thread while others wait.</summary>
    private const long Slice = 100;

    [ThreadStatic]
    private static TurnScheduler? t_running;

    private readonly Lock _gate = new();
    private readonly Queue<Step> _steps = new();
    private readonly TurnContext _context;
    private bool _pumpDue;
    private bool _scheduled;

    public TurnScheduler(Activation owner)
    {
        Owner = owner;
        _context = new TurnContext(this);
    }

    public Activation Owner { get; }

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Whether the calling thread is at work for this scheduler.</summary>
    public bool IsRunningHere => ReferenceEquals(t_running, this);

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

    /// <summary>Runs what a turn waited for.</summary>
    public void Post(SendOrPostCallback callback, object? state) => Add(new Step(callback, state));

    void IThreadPoolWorkItem.Execute()
    {
        var outer = t_running;
        t_running = this;
        var keeper = LastAnswer.Begin();
        try
        {
            // Within a task, so that this scheduler is the current one; made for each batch of work, not for each step of it.
            new Task(static self => ((TurnScheduler)self!).RunSteps(), this, TaskCreationOptions.DenyChildAttach).RunSynchronously(this);
        }
        finally
        {
            t_running = outer;
            LastAnswer.End(keeper);
        }
    }

    protected override void QueueTask(Task task) => Add(new Step(null, task));

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && IsRunningHere && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_gate)
        {
            return [.. _steps.Where(step => step.Callback is null).Select(step => (Task)step.State!)];
        }
    }

    private void RunSteps()
    {
        var began = Environment.TickCount64;
        var clean = ExecutionContext.Capture()!;
        SynchronizationContext.SetSynchronizationContext(_context);
        while (true)
        {
            Step step = default;
            var pump = false;
            lock (_gate)
            {
                if (_pumpDue)
                {
                    _pumpDue = false;
                    pump = true;
                }
                else if (!_steps.TryDequeue(out step))
                {
                    _scheduled = false;
                    break;
                }
            }

            LastAnswer.PassOn();
            if (pump)
            {
                Owner.Pump();
            }
            else
            {
                Run(step);
            }

            ExecutionContext.Restore(clean); // what a step set stays with it
            if (Environment.TickCount64 - began > Slice)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                break;
            }
        }

        SynchronizationContext.SetSynchronizationContext(null);
    }

    private void Run(Step step)
    {
        if (step.Callback is null)
        {
            TryExecuteTask((Task)step.State!);
            return;
        }

        try
        {
            step.Callback(step.State);
        }
        catch (Exception unhandled)
        {
            // Only what nobody awaits throws here (async void): fatal, as it is everywhere else.
            ThreadPool.UnsafeQueueUserWorkItem(static thrown => thrown.Throw(), ExceptionDispatchInfo.Capture(unhandled), preferLocal: false);
        }
    }

    private void Add(Step step)
    {
        lock (_gate)
        {
            _steps.Enqueue(step);
            Schedule();
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

    /// <summary>A posted callback with its state; a task, in the state, where there is no callback.</summary>
    private readonly record struct Step(SendOrPostCallback? Callback, object? State);
}
