using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>A request whose answer is a <typeparamref name="T"/>.</summary>
internal abstract class Request<T> : Request
{
    private static readonly bool IsReference = typeof(T).IsInterface && typeof(IAddressable).IsAssignableFrom(typeof(T));

    private TaskCompletionSource<T>? _answer;
    private T? _result;

    public override Task Answer => _answer?.Task ?? Task.CompletedTask;

    public override object? BoxedResult => _answer is null ? null : _answer.Task.Result;

    /// <summary>Sends the call. A one-way call is answered as soon as it is on its way.</summary>
    public Task<T> Send(GrainReference reference, int method)
    {
        Address(reference, method);
        var silo = reference.Silo;
        var answer = Descriptor.OneWay ? null : new TaskCompletionSource<T>();
        _answer = answer;

        if (silo.HasOutgoingFilters)
        {
            return SendFiltered(silo, answer);
        }

        Transmit(silo);
        return answer?.Task ?? Task.FromResult(default(T)!); // this may be on its way again by now
    }

    public override void SetBoxedResult(object? result) => _result = (T?)result;

    protected void Take(T result) => _result = IsReference ? References.Require(result) : result;

    protected override void SetResult() => _answer?.SetResult(_result!);

    protected override void SetException(Exception exception) => _answer?.SetException(exception);

    protected override void SetCanceled(CancellationToken token) => _answer?.SetCanceled(token);

    protected override void ForgetOutcome()
    {
        _answer = null;
        _result = default;
    }

    private Task<T> SendFiltered(Silo silo, TaskCompletionSource<T>? answer)
    {
        var call = new OutgoingCall(this, silo);
        var sending = call.Invoke();

        // Filters that hand on the answer as it comes leave it as it is.
        return answer is not null && ReferenceEquals(sending, answer.Task) && !call.HasOtherResult ? answer.Task : ResultAsync(call, sending);
    }

    private static async Task<T> ResultAsync(OutgoingCall call, Task sending)
    {
        await sending;
        return call.Result is T result ? result : default!;
    }
}

/// <summary>Stands for the result of methods that have none.</summary>
internal readonly struct Nothing;

internal abstract class TaskRequest<T> : Request<T>
{
    private Task<T>? _running;

    public abstract Task<T> Call(object instance);

    public override async Task<object?> CallBoxed(object instance) => await Call(instance);

    protected override bool Begin(object instance)
    {
        _running = Call(instance);
        if (_running.IsCompleted)
        {
            return true;
        }

        _running.GetAwaiter().UnsafeOnCompleted(OnEnd);
        return false;
    }

    protected override void End() => Take(_running!.GetAwaiter().GetResult());

    protected override void ForgetOutcome()
    {
        base.ForgetOutcome();
        _running = null;
    }
}

internal abstract class TaskRequest : Request<Nothing>
{
    private Task? _running;

    public abstract Task Call(object instance);

    public override async Task<object?> CallBoxed(object instance)
    {
        await Call(instance);
        return null;
    }

    public override void SetBoxedResult(object? result)
    {
    }

    protected override bool Begin(object instance)
    {
        _running = Call(instance);
        if (_running.IsCompleted)
        {
            return true;
        }

        _running.GetAwaiter().UnsafeOnCompleted(OnEnd);
        return false;
    }

    protected override void End() => _running!.GetAwaiter().GetResult();

    protected override void ForgetOutcome()
    {
        base.ForgetOutcome();
        _running = null;
    }
}

internal abstract class ValueTaskRequest<T> : Request<T>
{
    private ValueTask<T> _running;

    public abstract ValueTask<T> Call(object instance);

    public override async Task<object?> CallBoxed(object instance) => await Call(instance);

    protected override bool Begin(object instance)
    {
        _running = Call(instance);
        if (_running.IsCompleted)
        {
            return true;
        }

        _running.GetAwaiter().UnsafeOnCompleted(OnEnd);
        return false;
    }

    protected override void End() => Take(_running.GetAwaiter().GetResult());

    protected override void ForgetOutcome()
    {
        base.ForgetOutcome();
        _running = default;
    }
}

internal abstract class ValueTaskRequest : Request<Nothing>
{
    private ValueTask _running;

    public abstract ValueTask Call(object instance);

    public override async Task<object?> CallBoxed(object instance)
    {
        await Call(instance);
        return null;
    }

    public override void SetBoxedResult(object? result)
    {
    }

    protected override bool Begin(object instance)
    {
        _running = Call(instance);
        if (_running.IsCompleted)
        {
            return true;
        }

        _running.GetAwaiter().UnsafeOnCompleted(OnEnd);
        return false;
    }

    protected override void End() => _running.GetAwaiter().GetResult();

    protected override void ForgetOutcome()
    {
        base.ForgetOutcome();
        _running = default;
    }
}

internal abstract class VoidRequest : Request<Nothing>
{
    public abstract void Call(object instance);

    public override Task<object?> CallBoxed(object instance)
    {
        Call(instance);
        return Task.FromResult<object?>(null);
    }

    public override void SetBoxedResult(object? result)
    {
    }

    protected override bool Begin(object instance)
    {
        Call(instance);
        return true;
    }

    protected override void End()
    {
    }
}
