namespace Fairway.Core.Balancing;

/// <summary>
/// Two at random, weights ignored, and the one with fewer of the caller's own requests in flight; the first of equals (M. Mitzenmacher,
/// "The power of two choices in randomized load balancing", 2001).
/// </summary>
public sealed class LeastOfTwo(Draws draws) : IBalancer
{
    private volatile EndpointList _list = EndpointList.Empty;

    public string Name => "least-of-two";

    public void Update(EndpointList list) => _list = list;

    public Endpoint? Pick(in Call call)
    {
        var list = _list;
        if (!TwoChoices.Draw(list, call, draws, out var first, out var second))
        {
            return null;
        }

        return list[second].InFlight < list[first].InFlight ? list[second] : list[first];
    }
}
