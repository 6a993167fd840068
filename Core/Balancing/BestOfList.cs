namespace Fairway.Core.Balancing;

/// <summary>One of the best <see cref="Top"/> of the list at random: what a ranked list invites to, and a herd. Here to be beaten.</summary>
public sealed class BestOfList(Draws draws) : IBalancer
{
    public const int Top = 10;

    private volatile EndpointList _list = EndpointList.Empty;

    public string Name => "best-of-list";

    public void Update(EndpointList list) => _list = list;

    public Endpoint? Pick(in Call call)
    {
        var list = _list;
        if (list.Count == 0)
        {
            return null;
        }

        var index = draws.Index(Math.Min(Top, list.Count));
        index = call.Excludes(list[index]) ? list.Next(index, call) : index;
        return index < 0 ? null : list[index];
    }
}
