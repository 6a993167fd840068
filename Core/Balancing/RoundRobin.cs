namespace Fairway.Core.Balancing;

/// <summary>One after another in the order of the list, weights ignored. A draw at the first list says where to begin.</summary>
public sealed class RoundRobin(Draws draws) : IBalancer
{
    private volatile EndpointList _list = EndpointList.Empty;
    private uint _next;
    private bool _begun;

    public string Name => "round-robin";

    public void Update(EndpointList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        if (!_begun && list.Count > 0)
        {
            _begun = true;
            _next = (uint)draws.Index(list.Count);
        }

        _list = list;
    }

    public Endpoint? Pick(in Call call)
    {
        var list = _list;
        if (list.Count == 0)
        {
            return null;
        }

        var index = (int)((Interlocked.Increment(ref _next) - 1) % (uint)list.Count);
        if (call.Excludes(list[index]))
        {
            index = list.Next(index, call);
        }

        return index < 0 ? null : list[index];
    }
}
