namespace Fairway.Core.Balancing;

/// <summary>The figures of <see cref="Prequal"/>; the paper's.</summary>
public sealed record PrequalOptions
{
    public int PoolSize { get; init; } = 16;

    public int ProbesPerQuery { get; init; } = 3;

    /// <summary>Results removed a query: the oldest and the worst in turn.</summary>
    public int RemovedPerQuery { get; init; } = 1;

    public TimeSpan MaxAge { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Q_RIF.</summary>
    public double HotQuantile { get; init; } = 0.84;

    /// <summary>The paper's delta: how much the pool may outgrow what leaves it.</summary>
    public double Delta { get; init; } = 1;
}

/// <summary>
/// Prequal (B. Wydrowski et al., "Load is not what you should balance: introducing Prequal", NSDI 2024): asynchronous probes of random
/// instances fill a pool; a query goes to the best of the pool by the hot-cold lexicographic rule; a result is used only so often.
/// </summary>
public sealed class Prequal(Draws draws, PrequalOptions? options = null) : IBalancer
{
    private const int LeastResults = 2;

    private readonly PrequalOptions _options = options ?? new PrequalOptions();
    private readonly ProbePool _pool = new((options ?? new PrequalOptions()).PoolSize, (options ?? new PrequalOptions()).HotQuantile);
    private readonly Lock _gate = new();
    private EndpointList _list = EndpointList.Empty;
    private double _reuse = 1;
    private bool _removeWorst;

    public string Name => "prequal";

    public void Update(EndpointList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        lock (_gate)
        {
            _list = list;
            _pool.Keep(list);
            // The paper's b_reuse: with fewer probes than queries need, results are used more often.
            var room = (1 - ((double)_options.PoolSize / Math.Max(list.Count, 1))) * _options.ProbesPerQuery;
            _reuse = Math.Max(1, (1 + _options.Delta) / Math.Max(room - _options.RemovedPerQuery, 0.1));
        }
    }

    public Endpoint? Pick(in Call call)
    {
        lock (_gate)
        {
            if (_list.Count == 0)
            {
                return null;
            }

            _pool.Expire(call.Now - _options.MaxAge);
            var index = _pool.Count < LeastResults ? -1 : _pool.Best(call);
            if (index < 0)
            {
                return AtRandom(call);
            }

            ref var result = ref _pool[index];
            var chosen = result.Endpoint;
            result.InFlight++;
            if (--result.UsesLeft <= 0)
            {
                _pool.Remove(index);
            }

            Trim();
            return chosen;
        }
    }

    /// <summary>Takes in answers of probes; reports in band have no latency to them, and the paper does without.</summary>
    public void Reported(Endpoint endpoint, in LoadReport report, TimeSpan now)
    {
        if (double.IsNaN(report.LatencyMs))
        {
            return;
        }

        lock (_gate)
        {
            // The part beyond a whole number is a chance of one use more.
            var uses = (int)_reuse + (draws.Next() < _reuse - (int)_reuse ? 1 : 0);
            _pool.Add(new ProbeResult { Endpoint = endpoint, InFlight = report.InFlight, LatencyMs = report.LatencyMs, At = now, UsesLeft = uses });
        }
    }

    public int ChooseProbes(TimeSpan now, Span<Endpoint> targets)
    {
        lock (_gate)
        {
            var count = Math.Min(Math.Min(_options.ProbesPerQuery, _list.Count), targets.Length);
            for (var i = 0; i < count; i++)
            {
                var index = draws.Index(_list.Count);
                while (targets[..i].Contains(_list[index]))
                {
                    index = (index + 1) % _list.Count;
                }

                targets[i] = _list[index];
            }

            return count;
        }
    }

    private Endpoint? AtRandom(in Call call)
    {
        var index = draws.Index(_list.Count);
        index = call.Excludes(_list[index]) ? _list.Next(index, call) : index;
        return index < 0 ? null : _list[index];
    }

    private void Trim()
    {
        for (var i = 0; i < _options.RemovedPerQuery && _pool.Count > LeastResults; i++)
        {
            _pool.Remove(_removeWorst ? _pool.Worst() : 0);
            _removeWorst = !_removeWorst;
        }
    }
}
