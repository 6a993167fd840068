using System.Reflection;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Fairway.LocalSilo;

internal sealed class DelegateCallFilter(IncomingGrainCallFilterDelegate? incoming, OutgoingGrainCallFilterDelegate? outgoing)
    : IIncomingGrainCallFilter, IOutgoingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context) => incoming!(context);

    public Task Invoke(IOutgoingGrainCallContext context) => outgoing!(context);
}

/// <summary>A call with filters before it.</summary>
internal interface IStagedCall
{
    int Filters { get; }

    Task Filter(int stage);

    /// <summary>The call itself, past all filters.</summary>
    Task Call();

    void Restore(int stage);
}

/// <summary>
/// Leads a call through its filters. A filter may call on more than once, so each stage finds its way back when what it began is
/// over; only one that is not over at once takes memory for that, and none where filters hand on what they got.
/// </summary>
internal static class Stages
{
    public static Task Invoke(IStagedCall call, ref int current)
    {
        var stage = current;
        var isLast = stage == call.Filters;
        if (!isLast)
        {
            current = stage + 1;
        }

        // What is set for the call and its filters flows inwards only.
        var outside = ExecutionContext.Capture();
        Task running;
        try
        {
            running = isLast ? call.Call() : call.Filter(stage);
        }
        catch (Exception thrown)
        {
            running = Task.FromException(thrown);
        }

        if (outside is not null)
        {
            ExecutionContext.Restore(outside);
        }

        if (isLast || stage == 0)
        {
            return running; // the last leaves nothing to find back from, and nobody calls the first again
        }

        if (running.IsCompleted)
        {
            current = stage;
            return running;
        }

        return RestoreAsync(call, stage, running);
    }

    private static async Task RestoreAsync(IStagedCall call, int stage, Task running)
    {
        try
        {
            await running;
        }
        finally
        {
            call.Restore(stage);
        }
    }
}

/// <summary>The result that a filter gave, if one did.</summary>
internal struct CallResult
{
    public bool IsSet { get; private set; }

    public object? Value { get; private set; }

    public void Set(object? value) => (IsSet, Value) = (true, value);

    /// <summary>What a filter gave; else what the method did, once it has.</summary>
    public readonly object? Of(Task<object?>? running) => IsSet || running is not { IsCompletedSuccessfully: true } ? Value : running.Result;
}

/// <summary>A call on its way through the filters before its method; the class of the grain may be the last of them.</summary>
internal sealed class IncomingCall(Request request, CallTarget target, object instance) : IIncomingGrainCallContext, IStagedCall
{
    private readonly IIncomingGrainCallFilter? _own = instance as IIncomingGrainCallFilter;
    private Task<object?>? _running;
    private CallResult _result;
    private int _stage;

    public IInvokable Request => request;

    public object Grain => instance;

    public GrainId? SourceId => request.Sender?.GrainId;

    public GrainId TargetId => request.Reference.GrainId;

    public string InterfaceName => request.Reference.Contract.Name;

    public string MethodName => request.Descriptor.Method.Name;

    public MethodInfo InterfaceMethod => request.Descriptor.Method;

    public MethodInfo ImplementationMethod
    {
        get
        {
            var map = instance.GetType().GetInterfaceMap(InterfaceMethod.DeclaringType!);
            return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, InterfaceMethod)];
        }
    }

    public object? Result
    {
        get => _result.Of(_running);
        set => _result.Set(value);
    }

    public IGrainContext TargetContext => target.GrainContext;

    public Task RunAsync()
    {
        var running = Invoke();
        if (running.IsCompletedSuccessfully)
        {
            request.SetBoxedResult(Result);
            return Task.CompletedTask;
        }

        return TakeResultAsync(running);
    }

    public Task Invoke() => Stages.Invoke(this, ref _stage);

    int IStagedCall.Filters => target.Filters.Length + (_own is null ? 0 : 1);

    Task IStagedCall.Filter(int stage) => stage < target.Filters.Length ? target.Filters[stage].Invoke(this) : _own!.Invoke(this);

    Task IStagedCall.Call()
    {
        _result = default;
        return _running = request.CallBoxed(instance);
    }

    void IStagedCall.Restore(int stage) => _stage = stage;

    private async Task TakeResultAsync(Task running)
    {
        await running;
        request.SetBoxedResult(Result);
    }
}

/// <summary>A call on its way through the filters of its caller.</summary>
internal sealed class OutgoingCall(Request request, Silo silo) : IOutgoingGrainCallContext, IStagedCall
{
    private CallResult _result;
    private int _stage;

    public IInvokable Request => request;

    public object Grain => request.Reference;

    public GrainId? SourceId => request.Sender?.GrainId;

    public GrainId TargetId => request.Reference.GrainId;

    public string InterfaceName => request.Reference.Contract.Name;

    public string MethodName => request.Descriptor.Method.Name;

    public MethodInfo InterfaceMethod => request.Descriptor.Method;

    public object? Result
    {
        get => _result.IsSet || !request.Answer.IsCompletedSuccessfully ? _result.Value : request.BoxedResult;
        set => _result.Set(value);
    }

    /// <summary>Whether a filter gave the call another result than its method.</summary>
    public bool HasOtherResult => _result.IsSet;

    public IGrainContext? SourceContext => request.Sender;

    public Task Invoke() => Stages.Invoke(this, ref _stage);

    int IStagedCall.Filters => silo.OutgoingFilters.Length;

    Task IStagedCall.Filter(int stage) => silo.OutgoingFilters[stage].Invoke(this);

    Task IStagedCall.Call()
    {
        _result = default;
        request.Transmit(silo);
        return request.Answer;
    }

    void IStagedCall.Restore(int stage) => _stage = stage;
}
