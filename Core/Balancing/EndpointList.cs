namespace Fairway.Core.Balancing;

/// <summary>
/// The instances a caller may pick from, with what every policy needs made ready: immutable, one for each list. Those that are not
/// usable, and those of weight 0, are not in it.
/// </summary>
public sealed class EndpointList
{
    public static readonly EndpointList Empty = new([], []);

    private readonly Endpoint[] _endpoints;
    private readonly double[] _weights;

    /// <param name="endpoints">In the order of the list, best first.</param>
    /// <param name="weights">By position; those of 0 or less are left out.</param>
    public EndpointList(ReadOnlySpan<Endpoint> endpoints, ReadOnlySpan<double> weights)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(weights.Length, endpoints.Length);
        var kept = 0;
        foreach (var weight in weights)
        {
            kept += weight > 0 ? 1 : 0;
        }

        _endpoints = new Endpoint[kept];
        _weights = new double[kept];
        kept = 0;
        for (var i = 0; i < endpoints.Length; i++)
        {
            if (weights[i] > 0)
            {
                _endpoints[kept] = endpoints[i];
                _weights[kept++] = weights[i];
            }
        }

        ByWeight = new AliasTable(_weights);
        HotAbove = Threshold();
    }

    public int Count => _endpoints.Length;

    public Endpoint this[int index] => _endpoints[index];

    public ReadOnlySpan<Endpoint> Endpoints => _endpoints;

    /// <summary>The weights in force for this caller, zones reckoned in.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>Draws by weight.</summary>
    public AliasTable ByWeight { get; }

    /// <summary>
    /// An instance is hot with more requests in flight than this: the figure that <see cref="HotQuantile"/> of those reported do not
    /// exceed when the list came. Positive infinity where nobody reports.
    /// </summary>
    public double HotAbove { get; }

    /// <summary>Prequal's Q_RIF.</summary>
    public const double HotQuantile = 0.84;

    /// <summary>Draws by weight one that <paramref name="call"/> does not exclude; -1 where all are.</summary>
    public int Draw(in Call call, Draws draws)
    {
        if (Count == 0)
        {
            return -1;
        }

        var index = 0;
        for (var attempt = 0; attempt < 8; attempt++)
        {
            index = ByWeight.Pick(draws.Next());
            if (!call.Excludes(_endpoints[index]))
            {
                return index;
            }
        }

        return Next(index, call);
    }

    /// <summary>The first after <paramref name="index"/>, in a circle, that <paramref name="call"/> does not exclude; -1 where all others are.</summary>
    public int Next(int index, in Call call)
    {
        for (var step = 1; step < Count; step++)
        {
            var other = (index + step) % Count;
            if (!call.Excludes(_endpoints[other]))
            {
                return other;
            }
        }

        return -1;
    }

    private double Threshold()
    {
        var figures = new double[Count];
        var known = 0;
        foreach (var endpoint in _endpoints)
        {
            if (!double.IsNaN(endpoint.Reported))
            {
                figures[known++] = endpoint.Reported;
            }
        }

        return known == 0
            ? double.PositiveInfinity
            : Scoring.Selection.Smallest(figures.AsSpan(0, known), (int)Math.Ceiling(HotQuantile * known) - 1);
    }
}
