namespace Fairway.LocalSilo;

/// <summary>Requests of one method that have been answered and that nothing refers to any more, to be sent again.</summary>
internal sealed class RequestPool
{
    /// <summary>More than this in flight at once is rare enough to leave to the garbage collector.</summary>
    private const int Capacity = 256;

    private readonly Lock _gate = new();
    private WorkItem? _top;
    private int _count;

    /// <summary>Called by the emitted code in place of a constructor.</summary>
    public static TRequest Rent<TRequest>(Orleans.Runtime.GrainReference reference, int method)
        where TRequest : Request, new() => (TRequest?)reference.Contract.Methods[method].Pool.TryTake() ?? new TRequest();

    public void Return(Request request)
    {
        lock (_gate)
        {
            if (_count < Capacity)
            {
                _count++;
                request.Next = _top;
                _top = request;
            }
        }
    }

    private Request? TryTake()
    {
        lock (_gate)
        {
            if (_top is not { } taken)
            {
                return null;
            }

            _count--;
            _top = taken.Next;
            taken.Next = null;
            return (Request)taken;
        }
    }
}
