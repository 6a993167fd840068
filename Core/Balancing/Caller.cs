using Fairway.Core.Directory;

namespace Fairway.Core.Balancing;

/// <summary>What a <see cref="Caller"/> does beside its policy; null leaves a thing out.</summary>
public sealed record CallerOptions
{
    /// <summary>The caller's zone; empty has none.</summary>
    public string Zone { get; init; } = "";

    public PassiveEjectionOptions? Ejection { get; init; } = new();

    public RetryBudgetOptions? Retries { get; init; } = new();

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> naming the value that is out of range.</summary>
    public void Validate()
    {
        Ejection?.Validate();
        Retries?.Validate();
    }
}

/// <summary>
/// One caller of one service (and lane): a policy with what belongs around it. It keeps each instance's figures from list to list,
/// counts its own requests in flight, prefers its zone, puts out who fails, and keeps a budget of retries. The simulator and the
/// Sdk both call through this. <see cref="Update"/> is called by one thread at a time, all else by any.
/// </summary>
public sealed class Caller
{
    /// <summary>What is left of the weight of zones that are to get nothing: enough to be found where all of the own zone is excluded, too little to be drawn.</summary>
    private const double LastResort = 1e-6;

    private readonly IBalancer _policy;
    private readonly string _zone;
    private readonly PassiveEjection? _ejection;
    private readonly RetryBudget? _retries;
    private Dictionary<string, Endpoint> _known = new(StringComparer.Ordinal);
    private volatile EndpointList _list = EndpointList.Empty;
    private int _inFlight;

    public Caller(IBalancer policy, CallerOptions? options = null)
    {
        options ??= new CallerOptions();
        _policy = policy;
        _zone = options.Zone;
        _ejection = options.Ejection is { } ejection ? new PassiveEjection(ejection) : null;
        _retries = options.Retries is { } retries ? new RetryBudget(retries) : null;
    }

    public IBalancer Policy => _policy;

    /// <summary>What may be picked from.</summary>
    public EndpointList List => _list;

    /// <summary>Takes the newest list.</summary>
    /// <param name="instances">Those that may serve, best first.</param>
    /// <param name="now">The present.</param>
    public void Update(ReadOnlySpan<InstanceView> instances, TimeSpan now)
    {
        var endpoints = new Endpoint[instances.Length];
        var weights = new double[instances.Length];
        var known = new Dictionary<string, Endpoint>(instances.Length, StringComparer.Ordinal);
        for (var i = 0; i < instances.Length; i++)
        {
            var view = instances[i];
            endpoints[i] = Follow(view, now);
            known[view.Id] = endpoints[i];
            weights[i] = view.Weight;
        }

        PreferZone(instances, weights);
        _known = known;
        var list = new EndpointList(endpoints, weights);
        _list = list;
        _policy.Update(list);
    }

    /// <summary>Where to send a request; it counts as in flight from now on. Null where there is nobody left.</summary>
    /// <param name="now">The present.</param>
    /// <param name="position">Of the request's key on the ring.</param>
    /// <param name="tried">Where it failed already, or must not go.</param>
    /// <param name="again">
    /// It was sent once already: it adds nothing to the budget of retries, and of a caller with a zone it goes to another zone than
    /// those it was tried in, while somebody is there.
    /// </param>
    public Endpoint? Begin(TimeSpan now, uint position = 0, ReadOnlySpan<Endpoint> tried = default, bool again = false)
    {
        if (!again)
        {
            _retries?.Deposit();
        }

        var call = new Call { Now = now, Position = position, InFlight = Volatile.Read(ref _inFlight), Tried = tried };
        // Where zones fail, they fail whole: to try the own one again would cost a request all of its tries.
        var picked = again && _zone.Length > 0 ? _policy.Pick(call with { LeavesZones = true }) ?? _policy.Pick(call) : _policy.Pick(call);
        if (picked is not null)
        {
            Begin(picked);
        }

        return picked;
    }

    /// <summary>A request that somebody else sends to that instance begins: it counts like one picked here.</summary>
    public void Begin(Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        Interlocked.Increment(ref _inFlight);
        endpoint.Begin();
    }

    /// <summary>A request that was begun is not sent there after all.</summary>
    public void Abandon(Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        Interlocked.Decrement(ref _inFlight);
        endpoint.End();
    }

    /// <summary>The request ended. True where its failure put the instance out.</summary>
    public bool End(Endpoint endpoint, in Outcome outcome, TimeSpan now)
    {
        Abandon(endpoint);
        _policy.Ended(endpoint, outcome, now);
        return _ejection?.Ended(endpoint, outcome, _list, now) ?? false;
    }

    /// <summary>The instance said how busy it is.</summary>
    public void Report(Endpoint endpoint, in LoadReport report, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        endpoint.Report(report.InFlight, now);
        _policy.Reported(endpoint, report, now);
    }

    /// <summary>Whether a failed request may be sent once more; takes it from the budget.</summary>
    public bool MayRetry(TimeSpan now) => _retries?.TryWithdraw(now) ?? false;

    private Endpoint Follow(InstanceView view, TimeSpan now)
    {
        if (!_known.TryGetValue(view.Id, out var endpoint) || endpoint.View.Address != view.Address)
        {
            endpoint = new Endpoint(view); // another address is another process: what was learned of the old one is not true of it
        }

        endpoint.Follow(view, now);
        return endpoint;
    }

    private void PreferZone(ReadOnlySpan<InstanceView> instances, Span<double> weights)
    {
        if (_zone.Length == 0)
        {
            return;
        }

        var zones = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var i = 0; i < weights.Length; i++)
        {
            zones[instances[i].Zone] = zones.GetValueOrDefault(instances[i].Zone) + weights[i];
        }

        var factors = ZonePreference.Factors(zones, _zone);
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] *= instances[i].Zone == _zone ? factors.Own : Math.Max(factors.Others, LastResort);
        }
    }
}
