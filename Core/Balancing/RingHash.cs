namespace Fairway.Core.Balancing;

/// <summary>
/// Consistent hashing with bounded loads (V. Mirrokni et al., 2018): a key's instance is the first on the ring at or after it whose
/// requests of this caller stay below <c>ceil(boundFactor x (all of them + 1) x its share of the weight)</c>.
/// </summary>
/// <param name="boundFactor">How far over its share one may be loaded; over 1.</param>
public sealed class RingHash(double boundFactor = 1.25) : IBalancer
{
    private volatile State _state = State.Empty;

    public string Name => "ring-hash";

    public void Update(EndpointList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        var before = _state;
        _state = before.Follows(list) ? before with { List = list } : State.Of(list);
    }

    public Endpoint? Pick(in Call call)
    {
        var state = _state;
        var list = state.List;
        if (list.Count == 0)
        {
            return null;
        }

        var room = boundFactor * (call.InFlight + 1);
        var point = state.Ring.PointOf(call.Position);
        Endpoint? fallback = null;
        for (int step = 0, last = -1; step < state.Ring.Count; step++)
        {
            var owner = state.Ring.OwnerOf(point);
            point = point + 1 == state.Ring.Count ? 0 : point + 1;
            if (owner == last || call.Excludes(list[owner]))
            {
                continue;
            }

            last = owner;
            if (list[owner].InFlight < Math.Ceiling(room * state.Shares[owner]))
            {
                return list[owner];
            }

            fallback ??= list[owner];
        }

        return fallback;
    }

    private sealed record State(EndpointList List, HashRing Ring, double[] Shares)
    {
        public static readonly State Empty = new(EndpointList.Empty, new HashRing([], []), []);

        public static State Of(EndpointList list)
        {
            var sum = 0.0;
            foreach (var weight in list.Weights)
            {
                sum += weight;
            }

            var ids = new string[list.Count];
            var shares = new double[list.Count];
            for (var i = 0; i < ids.Length; i++)
            {
                ids[i] = list[i].Id;
                shares[i] = list.Weights[i] / sum;
            }

            return new State(list, new HashRing(ids, list.Weights), shares);
        }

        /// <summary>Same members in the same order with the same weights: the ring stands.</summary>
        public bool Follows(EndpointList list)
        {
            if (list.Count != List.Count || !list.Weights.SequenceEqual(List.Weights))
            {
                return false;
            }

            for (var i = 0; i < list.Count; i++)
            {
                if (!ReferenceEquals(list[i], List[i]))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
