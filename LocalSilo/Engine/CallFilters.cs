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

/// <summary>A call on its way through the filters before its method; the class of the grain may be the last of them.</summary>
internal sealed class IncomingCall(Request request, CallTarget target, object instance) : IIncomingGrainCallContext
{
    private readonly IIncomingGrainCallFilter? _own = instance as IIncomingGrainCallFilter;
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

    public object? Result { get; set; }

    public IGrainContext TargetContext => target.GrainContext;

    public async Task RunAsync()
    {
        await Invoke();
        request.SetBoxedResult(Result);
    }

    public async Task Invoke()
    {
        var stage = _stage++;
        try
        {
            if (stage < target.Filters.Length)
            {
                await target.Filters[stage].Invoke(this);
            }
            else if (stage == target.Filters.Length && _own is not null)
            {
                await _own.Invoke(this);
            }
            else
            {
                Result = await request.CallBoxed(instance);
            }
        }
        finally
        {
            _stage--;
        }
    }
}

/// <summary>A call on its way through the filters of its caller.</summary>
internal sealed class OutgoingCall(Request request, Silo silo) : IOutgoingGrainCallContext
{
    private int _stage;

    public IInvokable Request => request;

    public object Grain => request.Reference;

    public GrainId? SourceId => request.Sender?.GrainId;

    public GrainId TargetId => request.Reference.GrainId;

    public string InterfaceName => request.Reference.Contract.Name;

    public string MethodName => request.Descriptor.Method.Name;

    public MethodInfo InterfaceMethod => request.Descriptor.Method;

    public object? Result { get; set; }

    public IGrainContext? SourceContext => request.Sender;

    public async Task Invoke()
    {
        var stage = _stage++;
        try
        {
            if (stage < silo.OutgoingFilters.Length)
            {
                await silo.OutgoingFilters[stage].Invoke(this);
            }
            else
            {
                request.Transmit(silo);
                await request.Answer;
                Result = request.BoxedResult;
            }
        }
        finally
        {
            _stage--;
        }
    }
}
