using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Fairway.LocalSilo;

/// <summary>
/// One call: its arguments (in the fields of the emitted type), its way to the target, and the answer the caller waits for.
/// The first of answer, time-out, cancellation and rejection wins.
/// </summary>
internal abstract class Request : WorkItem, IInvokable, IThreadPoolWorkItem
{
    /// <summary>Set by the emitted code.</summary>
    public CancellationToken CallerToken;

    private CancellationTokenSource? _calleeSource;
    private CancellationTokenRegistration _registration;
    private CallTarget? _target;
    private Task? _filtered;
    private Action? _ended;
    private Exception? _thrown;
    private bool _shown;
    private int _answered;

    /// <summary>What the end of the method is to call; the same over all calls that this object serves.</summary>
    protected Action OnEnd => _ended ??= Ended;

    public MethodDescriptor Descriptor { get; private set; } = null!;

    public GrainReference Reference { get; private set; } = null!;

    /// <summary>The calling activation; null from outside grains.</summary>
    public Activation? Sender { get; private set; }

    /// <summary>When the caller stops waiting, as a timestamp of the messaging clock.</summary>
    public long Deadline { get; private set; }

    public override bool AlwaysInterleave => Descriptor.AlwaysInterleave;

    public override bool ReadOnly => Descriptor.ReadOnly;

    public override bool IsAbandoned => Volatile.Read(ref _answered) != 0 && !Descriptor.OneWay;

    /// <summary>The token the method sees: cancelled with the caller's, and when the caller stops waiting.</summary>
    public CancellationToken CalleeToken() => _calleeSource?.Token ?? default;

    public override void Run(CallTarget target)
    {
        try
        {
            if (Descriptor.TokenIndex >= 0)
            {
                OpenCalleeToken();
            }

            var instance = target.Instance ?? throw new InvalidOperationException($"{target} has no instance.");
            if (target.HasFilters)
            {
                _shown = true;
                _filtered = new IncomingCall(this, target, instance).RunAsync();
                if (!_filtered.IsCompleted)
                {
                    _filtered.GetAwaiter().UnsafeOnCompleted(Ended);
                    return;
                }
            }
            else if (!Begin(instance))
            {
                return;
            }
        }
        catch (Exception thrown)
        {
            Finish(thrown);
            return;
        }

        Ended();
    }

    private void OpenCalleeToken()
    {
        _calleeSource = new CancellationTokenSource();
        Interlocked.MemoryBarrier(); // Abandon marks the answer first and looks for the source then; here the other way round.
        if (CallerToken.IsCancellationRequested || IsAbandoned)
        {
            _calleeSource.Cancel();
        }
    }

    /// <summary>
    /// Claims the answer, for <see cref="Abandon"/>; false if it was given. Within the lock of the target that lists this call,
    /// so that it still is that call.
    /// </summary>
    public bool TryClaim() => TryAnswer();

    /// <summary>Ends the wait of the caller, takes the call back if it has not started, and cancels its token if it has.</summary>
    public void Abandon(Exception reason, bool cancel)
    {
        FailLater(reason);
        _registration.Unregister();
        if (_target is { } target && !target.Withdraw(this) && cancel && _calleeSource is { } source)
        {
            target.RunLater(source.Cancel);
        }
    }

    private void AbandonByCaller(CancellationToken token)
    {
        if (TryAnswer())
        {
            Abandon(new OperationCanceledException(token), cancel: true);
        }
    }

    public override void Reject(Exception reason)
    {
        if (TryAnswer())
        {
            FailLater(reason);
        }

        _registration.Unregister();
    }

    /// <summary>Called with the lock of the target held, when it takes the call.</summary>
    public void TakenBy(CallTarget target) => _target = target;

    /// <summary>Called once, before the call is sent.</summary>
    protected void Address(GrainReference reference, int method)
    {
        Descriptor = reference.Contract.Methods[method];
        Reference = reference;
        Sender = Activation.Current;
        _shown = reference.Silo.HasOutgoingFilters;
    }

    /// <summary>The call itself, past the filters.</summary>
    public void Transmit(Silo silo)
    {
        Context = RequestContext.Current;
        if (CallerToken.IsCancellationRequested)
        {
            if (TryAnswer())
            {
                SetCanceled(CallerToken);
            }

            return;
        }

        if (!Descriptor.OneWay)
        {
            Deadline = silo.DeadlineFor(Descriptor.ResponseTimeout);
            if (CallerToken.CanBeCanceled)
            {
                _registration = CallerToken.UnsafeRegister(
                    static (state, token) => ((Request)state!).AbandonByCaller(token), this);
            }
        }

        silo.Deliver(this);
    }

    /// <summary>Calls the method; true if it ended at once, else <see cref="Ended"/> is called at the end.</summary>
    protected abstract bool Begin(object instance);

    /// <summary>Takes over the outcome of the method; throws what it threw.</summary>
    protected abstract void End();

    /// <summary>Calls the method for a filter, boxing what it gives.</summary>
    public abstract Task<object?> CallBoxed(object instance);

    protected abstract void SetResult();

    public abstract void SetBoxedResult(object? result);

    public abstract object? BoxedResult { get; }

    protected abstract void SetException(Exception exception);

    protected abstract void SetCanceled(CancellationToken token);

    /// <summary>A task that ends as the caller's does.</summary>
    public abstract Task Answer { get; }

    protected void Ended()
    {
        Exception? thrown = null;
        try
        {
            if (_filtered is { } filtered)
            {
                filtered.GetAwaiter().GetResult();
            }
            else
            {
                End();
            }
        }
        catch (Exception exception)
        {
            thrown = exception;
        }

        Finish(thrown);
    }

    /// <summary>Ends the turn, then answers: who has the answer finds the turn over.</summary>
    private void Finish(Exception? thrown)
    {
        if (thrown is not null)
        {
            _target!.Threw(this, thrown);
        }

        _target!.Ended(this);
        _registration.Unregister();
        if (!TryAnswer())
        {
            return;
        }

        if (Descriptor.OneWay)
        {
            Recycle(); // it was answered when it was sent
            return;
        }

        _thrown = thrown;
        LastAnswer.Give(this);
    }

    /// <summary>Gives the answer there is. What waits for it may go on within this call.</summary>
    public void GiveAnswer()
    {
        if (_thrown is null)
        {
            SetResult();
        }
        else
        {
            SetException(_thrown);
        }

        Recycle();
    }

    void IThreadPoolWorkItem.Execute() => GiveAnswer();

    /// <summary>From wherever: what waits for the answer goes on elsewhere.</summary>
    private void FailLater(Exception reason) =>
        ThreadPool.UnsafeQueueUserWorkItem(static failed => failed.Request.SetException(failed.Reason), (Request: this, Reason: reason), preferLocal: false);

    /// <summary>Gives this object back, unless a filter or the caller's token may still refer to it.</summary>
    private void Recycle()
    {
        if (_shown || CallerToken.CanBeCanceled)
        {
            return;
        }

        Reference = null!;
        Sender = null;
        Context = null;
        Forwards = 0;
        _calleeSource = null;
        _target = null;
        _thrown = null;
        ForgetArguments();
        ForgetOutcome();
        Volatile.Write(ref _answered, 0);
        Descriptor.Pool.Return(this);
    }

    protected abstract void ForgetArguments();

    protected abstract void ForgetOutcome();

    private bool TryAnswer() => Interlocked.Exchange(ref _answered, 1) == 0;

    object? IInvokable.GetTarget() => _target?.Instance;

    int IInvokable.GetArgumentCount() => Descriptor.Parameters.Length;

    object? IInvokable.GetArgument(int index) =>
        index == Descriptor.TokenIndex ? (_calleeSource?.Token ?? CallerToken) : Descriptor.ArgumentFields[index]!.GetValue(this);

    void IInvokable.SetArgument(int index, object value)
    {
        if (index == Descriptor.TokenIndex)
        {
            CallerToken = (CancellationToken)value;
        }
        else
        {
            Descriptor.ArgumentFields[index]!.SetValue(this, value);
        }
    }

    string IInvokable.GetMethodName() => Descriptor.Method.Name;

    string IInvokable.GetInterfaceName() => Reference.Contract.Name;

    MethodInfo IInvokable.GetMethod() => Descriptor.Method;

    Type IInvokable.GetInterfaceType() => Reference.Contract.Contract;

    CancellationToken IInvokable.GetCancellationToken() => CallerToken;

    TimeSpan? IInvokable.GetDefaultResponseTimeout() => Descriptor.ResponseTimeout;
}
