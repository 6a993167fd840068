using System.Collections.Immutable;
using Fairway.Core.Time;

namespace Fairway.Core.Directory;

/// <summary>The next state in the making during one event, and the effects that come of it.</summary>
internal sealed class DirectoryDraft(DirectoryState before)
{
    private readonly ImmutableDictionary<FactKey, RegistryFact>.Builder _facts = before.Facts.ToBuilder();
    private readonly ImmutableDictionary<FactKey, TimeSpan>.Builder _held = before.Held.ToBuilder();
    private readonly Dictionary<string, ServiceDraft> _services = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _endedLanes = new(StringComparer.Ordinal);
    private DateTimeOffset? _staleSince = before.StaleSince;
    private bool _epochChanged;
    private bool _tablesTouched;
    private bool _policiesTouched;

    public bool IsReady { get; set; } = before.IsReady;

    public long Revision { get; set; } = before.Revision;

    public ulong ClusterId { get; set; } = before.ClusterId;

    public void ChangeEpoch() => _epochChanged = true;

    public void Lose(Moment now) => _staleSince ??= now.Utc;

    public void Recover() => _staleSince = null;

    public RegistryFact? Find(FactKey key) => _facts.GetValueOrDefault(key);

    public void Put(RegistryFact fact)
    {
        _facts[fact.Key] = fact;
        _held.Remove(fact.Key);
        switch (fact)
        {
            case InstanceFact instance:
                Service(instance.Record.Service).Register(instance.Record);
                break;
            case StatusFact status:
                Service(status.Service).Say(new StatusSource(status.Exporter, status.Chunk), status.Batch);
                break;
            case PolicyFact:
                _policiesTouched = true;
                break;
            default:
                _tablesTouched = true;
                break;
        }
    }

    public void Remove(FactKey key)
    {
        if (!_facts.Remove(key))
        {
            return;
        }

        _held.Remove(key);
        switch (key.Kind)
        {
            case FactKind.Instance:
                Service(key.First).Deregister(key.Second);
                break;
            case FactKind.Status:
                Service(key.First).Silence(new StatusSource(key.Second, key.Third));
                break;
            case FactKind.Policy:
                _policiesTouched = true;
                break;
            case FactKind.Lane:
                EndLane(key.First);
                break;
            default:
                _tablesTouched = true;
                break;
        }
    }

    /// <summary>Keeps an instance that a listing lacks. One held already keeps its time. Any later write of the key counts as newer.</summary>
    public void HoldUntil(FactKey key, TimeSpan deadline)
    {
        if (_held.TryAdd(key, deadline))
        {
            _facts[key] = _facts[key] with { ModRevision = 0 };
        }
    }

    /// <summary>The keys are there, whatever their values are worth: what is known stands, and is not held any more.</summary>
    /// <param name="isOther">What is known is of another history: any later write counts as newer.</param>
    public void Keep(IEnumerable<FactKey> keys, bool isOther)
    {
        foreach (var key in keys)
        {
            _held.Remove(key);
            if (isOther && Find(key) is { } known)
            {
                _facts[key] = known with { ModRevision = 0 };
            }
        }
    }

    public (DirectoryState State, ImmutableArray<DirectoryEffect> Effects) Finish(Moment now)
    {
        var nextExpiry = before.NextExpiry;
        var tables = before.Tables;
        ReleaseHeld(now);
        if (_tablesTouched || _policiesTouched || now.Utc >= nextExpiry)
        {
            tables = TableDeriver.Derive(_facts.Values, now.Utc);
            foreach (var lane in before.Tables.Lanes.Keys.Where(lane => !tables.Lanes.ContainsKey(lane)))
            {
                EndLane(lane);
            }

            SetPolicies(now.Utc);
            nextExpiry = TableDeriver.NextExpiry(_facts.Values, now.Utc);
        }

        var tablesChanged = _tablesTouched || tables.Lanes.Count != before.Tables.Lanes.Count || tables.Offline.Count != before.Tables.Offline.Count;
        var state = before with
        {
            IsReady = IsReady,
            Revision = Revision,
            ClusterId = ClusterId,
            StaleSince = _staleSince,
            Facts = _facts.ToImmutable(),
            Held = _held.ToImmutable(),
            NextExpiry = nextExpiry,
            Tables = tablesChanged ? tables : before.Tables,
            Services = Merge(),
        };
        return (state, Effects(state, tablesChanged));
    }

    private ServiceDraft Service(string name)
    {
        if (!_services.TryGetValue(name, out var service))
        {
            _services[name] = service = new ServiceDraft(name, before.Services.GetValueOrDefault(name, ServiceFacts.Empty));
        }

        return service;
    }

    private void EndLane(string lane)
    {
        if (before.Tables.Lanes.ContainsKey(lane))
        {
            _tablesTouched = true;
            _endedLanes.Add(lane);
        }

        foreach (var key in _facts.Keys.Where(key => key.Kind is FactKind.Declaration && key.First == lane).ToList())
        {
            _facts.Remove(key);
        }
    }

    /// <summary>A hold ends only while the registry is heard: otherwise nobody knows that they are still absent.</summary>
    private void ReleaseHeld(Moment now)
    {
        if (_staleSince is null)
        {
            foreach (var key in _held.Where(held => held.Value <= now.Elapsed).Select(held => held.Key).ToList())
            {
                Remove(key);
            }
        }
    }

    private void SetPolicies(DateTimeOffset now)
    {
        var live = _facts.Values.OfType<PolicyFact>().Where(fact => !(fact.Policy.ExpiresAt <= now)).ToDictionary(fact => fact.Service, StringComparer.Ordinal);
        foreach (var (service, _) in before.Services.Where(entry => entry.Value.Policy is not null && !live.ContainsKey(entry.Key)))
        {
            Service(service).SetPolicy(null);
        }

        foreach (var (service, fact) in live)
        {
            if (!ReferenceEquals(before.Services.GetValueOrDefault(service)?.Policy, fact.Policy))
            {
                Service(service).SetPolicy(fact.Policy);
            }
        }
    }

    private ImmutableDictionary<string, ServiceFacts> Merge()
    {
        if (_services.Count == 0)
        {
            return before.Services;
        }

        var services = before.Services.ToBuilder();
        foreach (var (name, draft) in _services)
        {
            var facts = draft.Facts();
            if (facts.IsEmpty)
            {
                services.Remove(name);
            }
            else
            {
                services[name] = facts;
            }
        }

        return services.ToImmutable();
    }

    private ImmutableArray<DirectoryEffect> Effects(DirectoryState state, bool tablesChanged)
    {
        var effects = ImmutableArray.CreateBuilder<DirectoryEffect>();
        if (_epochChanged)
        {
            effects.Add(new EpochChanged());
        }

        if (state.StaleSince != before.StaleSince)
        {
            effects.Add(new StaleChanged(state.StaleSince));
        }

        effects.AddRange(_endedLanes.Where(lane => !state.Tables.Lanes.ContainsKey(lane)).Select(lane => new LaneEnded(lane)));
        if (tablesChanged)
        {
            effects.Add(new TablesChanged(state.Tables));
        }

        foreach (var service in _services.Values.OrderBy(service => service.Name, StringComparer.Ordinal))
        {
            effects.AddRange(service.Effects());
        }

        return effects.DrainToImmutable();
    }
}
