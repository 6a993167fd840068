namespace Fairway.Core.Balancing;

/// <summary>
/// gRPC's weighted round robin (proposal A58): an instance's weight is its request rate over its utilisation, so that all are kept
/// equally busy; errors count as utilisation. Those without figures get the mean. Spread by a static stride schedule, as gRPC has it.
/// Of A58's periods the black-out is the list's warm-up, the update period is that of the list, and figures older than 3 min count as none.
/// </summary>
public sealed class WeightedRoundRobin(Draws draws) : IBalancer
{
    /// <summary>What a share of failed requests adds to the utilisation: A58's <c>errorUtilizationPenalty</c>.</summary>
    public const double ErrorPenalty = 1;

    private const double ExpirationMs = 180_000;
    private const uint MaxWeight = 0xFFFF;
    private const double MaxRatio = 10;

    private volatile Schedule _schedule = new([], EndpointList.Empty);
    private uint _sequence;
    private bool _begun;

    public string Name => "weighted-round-robin";

    public void Update(EndpointList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        if (!_begun && list.Count > 0)
        {
            _begun = true;
            _sequence = (uint)draws.Index(list.Count);
        }

        _schedule = new Schedule(Strides(list), list);
    }

    public Endpoint? Pick(in Call call)
    {
        var schedule = _schedule;
        var list = schedule.List;
        if (list.Count == 0)
        {
            return null;
        }

        var count = (uint)list.Count;
        while (true)
        {
            // A pass over all is a generation; in each, an instance is skipped unless its weights have added up to another turn.
            var sequence = Interlocked.Increment(ref _sequence) - 1;
            var (generation, index) = Math.DivRem(sequence, count);
            var stride = schedule.Strides[index];
            var offset = index * (MaxWeight / 2);
            if ((((ulong)stride * generation) + offset) % MaxWeight >= MaxWeight - stride)
            {
                var chosen = (int)index;
                chosen = call.Excludes(list[chosen]) ? list.Next(chosen, call) : chosen;
                return chosen < 0 ? null : list[chosen];
            }
        }
    }

    /// <summary>A58's weight, and NaN where it has none.</summary>
    internal static double Weight(Endpoint endpoint)
    {
        var view = endpoint.View;
        return view is { Rps: > 0 and var rps, Cpu: > 0 and var busy } && view.AgeMs is not > (long)ExpirationMs
            ? rps / (busy + (ErrorPenalty * (view.ErrorRate ?? 0)))
            : double.NaN;
    }

    /// <summary>Weights scaled to 1-65535, the largest to 65535, none beyond 10 times the mean or a tenth of it.</summary>
    private static uint[] Strides(EndpointList list)
    {
        var weights = new double[list.Count];
        var (sum, known) = (0.0, 0);
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = Weight(list[i]);
            if (!double.IsNaN(weights[i]))
            {
                sum += weights[i];
                known++;
            }
        }

        var strides = new uint[weights.Length];
        if (known < 2)
        {
            Array.Fill(strides, MaxWeight);
            return strides;
        }

        var mean = sum / known;
        var largest = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = double.IsNaN(weights[i]) ? mean : Math.Clamp(weights[i], mean / MaxRatio, mean * MaxRatio);
            largest = Math.Max(largest, weights[i]);
        }

        for (var i = 0; i < weights.Length; i++)
        {
            strides[i] = Math.Max(1, (uint)Math.Floor((weights[i] / largest * MaxWeight) + 0.5));
        }

        return strides;
    }

    private sealed record Schedule(uint[] Strides, EndpointList List);
}
