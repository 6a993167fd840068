namespace Fairway.Core.Balancing;

/// <summary>One by weight, nothing else looked at: the shares are the weights. Fairway's mode <c>manual</c>, where the operator means what they say.</summary>
public sealed class WeightedRandom(Draws draws) : IBalancer
{
    private volatile EndpointList _list = EndpointList.Empty;

    public string Name => "weighted-random";

    public void Update(EndpointList list) => _list = list;

    public Endpoint? Pick(in Call call)
    {
        var list = _list;
        var index = list.Draw(call, draws);
        return index < 0 ? null : list[index];
    }
}
