namespace Fairway.Core.Balancing;

/// <summary>The figures of <see cref="Scored"/>; docs/balancing.md tells how they were found.</summary>
public sealed record ScoredOptions
{
    /// <summary>How many answers are remembered; default 16.</summary>
    public int Answers { get; init; } = 16;

    /// <summary>For how long an answer says what its instance has in flight; default 500 ms.</summary>
    public TimeSpan AnswerAge { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>An instance may be so much slower than the fast quarter without being avoided; default 1.3.</summary>
    public double SlowFactor { get; init; } = 1.3;

    /// <summary>The least that is left of the weight of one that is slower; default 0.01, so that it is noticed when it recovers.</summary>
    public double LeastPreference { get; init; } = 0.01;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> naming the value that is out of range.</summary>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Answers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(AnswerAge, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(SlowFactor, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(LeastPreference, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LeastPreference, 1);
    }
}

/// <summary>
/// Fairway's own, mode <c>scored</c>. Two are drawn by weight; hot ones, by what they reported in flight, are avoided, else the one with
/// fewer of the caller's own requests by weight is taken. But an instance that answered a moment ago and has less in flight than the
/// one drawn gets the request instead, once for each answer: requests follow answers, so that who is slow to answer gets few. A pick sends no probe.
/// Instances that are clearly slower than the fast quarter lose weight steeply. Step by step in docs/balancing.md.
/// </summary>
public sealed class Scored : IBalancer
{
    /// <summary>Below this ratio of the fast quarter's latency to its own an instance has the least preference anyhow.</summary>
    private const double Hopeless = 0.45;

    private readonly Draws _draws;
    private readonly ScoredOptions _options;
    private readonly RecentAnswers _answers;
    private readonly Lock _gate = new();
    private volatile EndpointList _list = EndpointList.Empty;

    public Scored(Draws draws, ScoredOptions? options = null)
    {
        _draws = draws;
        _options = options ?? new ScoredOptions();
        _options.Validate();
        _answers = new RecentAnswers(_options.Answers);
    }

    public string Name => "scored";

    public void Update(EndpointList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        var weights = Preferred(list);
        lock (_gate)
        {
            foreach (var endpoint in _list.Endpoints)
            {
                endpoint.Weight = 0;
            }

            for (var i = 0; i < weights.Length; i++)
            {
                list[i].Weight = weights[i];
            }

            _list = new EndpointList(list.Endpoints, weights);
        }
    }

    public Endpoint? Pick(in Call call)
    {
        var list = _list;
        if (Drawn(list, call) is not { } drawn)
        {
            return null;
        }

        lock (_gate)
        {
            _answers.Expire(call.Now - _options.AnswerAge);
            var least = _answers.Least(call);
            // Of one that never reported, not a number: nothing is less, and it is taken.
            return least >= 0 && _answers.Load(least) < (drawn.Reported + 1) / drawn.Weight
                ? _answers.Use(least, keep: list.Count <= _options.Answers)
                : drawn;
        }
    }

    public void Reported(Endpoint endpoint, in LoadReport report, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        if (endpoint.Weight <= 0 || (endpoint.Preference < 1 && _draws.Next() >= endpoint.Preference))
        {
            return;
        }

        lock (_gate)
        {
            _answers.Add(new RecentAnswer(endpoint, report.InFlight, now));
        }
    }

    /// <summary>Two by weight, and which of them.</summary>
    private Endpoint? Drawn(EndpointList list, in Call call)
    {
        var index = list.Draw(call, _draws);
        if (index < 0)
        {
            return null;
        }

        var first = list[index];
        var second = list[list.ByWeight.Pick(_draws.Next())];
        if (ReferenceEquals(first, second) || call.Excludes(second))
        {
            return first;
        }

        var (firstHot, secondHot) = (first.Reported > list.HotAbove, second.Reported > list.HotAbove);
        if (firstHot != secondHot)
        {
            return firstHot ? second : first;
        }

        return second.InFlight / second.Weight < first.InFlight / first.Weight ? second : first;
    }

    /// <summary>Weights times preferences: within <see cref="ScoredOptions.SlowFactor"/> of the fast quarter all are alike, beyond it the sixth power of the ratio.</summary>
    private double[] Preferred(EndpointList list)
    {
        var fast = Fast(list) * _options.SlowFactor;
        var weights = list.Weights.ToArray();
        for (var i = 0; i < weights.Length; i++)
        {
            var ratio = fast / list[i].TypicalMs; // not a number where either is unknown
            var cube = ratio * ratio * ratio;
            if (ratio < Hopeless)
            {
                list[i].TypicalMs = fast / Hopeless; // so that it is forgiven no later than one that is merely very slow
            }

            list[i].Preference = ratio < 1 ? Math.Max(_options.LeastPreference, cube * cube) : 1;
            weights[i] *= list[i].Preference;
        }

        return weights;
    }

    /// <summary>The latency that the fastest quarter does not exceed, ms; NaN where none is known.</summary>
    private static double Fast(EndpointList list)
    {
        var figures = new double[list.Count];
        var known = 0;
        foreach (var endpoint in list.Endpoints)
        {
            if (endpoint.TypicalMs > 0)
            {
                figures[known++] = endpoint.TypicalMs;
            }
        }

        return known == 0 ? double.NaN : Scoring.Selection.Smallest(figures.AsSpan(0, known), (int)Math.Ceiling(0.25 * known) - 1);
    }
}
