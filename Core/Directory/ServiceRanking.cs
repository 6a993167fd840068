using System.Collections.Immutable;
using Fairway.Core.Scoring;
using Fairway.Core.Time;

namespace Fairway.Core.Directory;

/// <summary>Builds one snapshot, lane by lane: states first, then weights by those states.</summary>
internal sealed class ServiceRanking(
    ServicePolicy? policy, ServiceModelOptions options, Moment now, Func<InstanceModel, bool> isOffline, Func<string, bool> isDown)
{
    private readonly LaneScorer _scorer = new(
        policy is null ? options.Cost : options.Cost.With(policy.Coefficients), options.Weights);

    private readonly List<InstanceView> _views = [];
    private readonly List<string> _panicked = [];

    /// <summary>Adds all instances of one lane.</summary>
    public void Add(string lane, InstanceModel[] instances)
    {
        foreach (var instance in instances)
        {
            instance.Refresh(now.Elapsed);
        }

        WarmUp(instances);
        Eject([.. instances.Where(instance => !isOffline(instance) && !isDown(instance.Record.Id) && !instance.Record.Draining)]);
        var states = Array.ConvertAll(instances, StateOf);
        if (2 * states.Count(IsUsable) < states.Length)
        {
            _panicked.Add(lane);
        }

        var contenders = Contend(instances, states);
        for (var i = 0; i < instances.Length; i++)
        {
            _views.Add(View(instances[i], states[i], contenders[i]));
        }
    }

    /// <summary>All views, weight descending, then id.</summary>
    public ImmutableArray<InstanceView> Ranked()
    {
        _views.Sort(static (a, b) => a.Weight != b.Weight ? b.Weight.CompareTo(a.Weight) : string.CompareOrdinal(a.Id, b.Id));
        return [.. _views];
    }

    public ImmutableArray<string> PanickedLanes()
    {
        _panicked.Sort(StringComparer.Ordinal);
        return [.. _panicked];
    }

    /// <summary>Whether others are measured by an instance in this state.</summary>
    /// <param name="settled">Somebody in the lane is neither warming nor out.</param>
    internal static bool IsPeer(InstanceState state, bool settled) =>
        IsUsable(state) && !(settled && state is InstanceState.Warming);

    internal static bool IsSettled(InstanceState state) => state is InstanceState.Ready or InstanceState.Unknown;

    private static bool IsUsable(InstanceState state) =>
        state is InstanceState.Ready or InstanceState.Warming or InstanceState.Unknown;

    private static double? Figure(double value) => double.IsFinite(value) ? value : null;

    /// <summary>A newcomer among grown ones warms up; where all are new there is nobody to spare them, so none does.</summary>
    private void WarmUp(InstanceModel[] instances)
    {
        bool IsGrown(InstanceModel instance) => now.Elapsed - instance.FirstSeen >= options.Weights.WarmUp;
        var allNew = !instances.Any(IsGrown);
        foreach (var instance in instances)
        {
            instance.IsWarm |= allNew || IsGrown(instance) || instance.Record.Probe == Probes.None;
        }
    }

    /// <summary>Ejects the worst of those that fail, as far as the lane can spare them.</summary>
    private void Eject(List<InstanceModel> present)
    {
        var limit = (int)(present.Count * options.Ejection.MaxShare);
        var ejected = present.Where(instance => instance.Ejection.IsActive(now.Elapsed)).OrderByDescending(instance => instance.Ejection.Until).ToList();
        foreach (var surplus in ejected.Skip(limit))
        {
            surplus.Ejection.End(now.Elapsed);
        }

        var due = present
            .Where(instance => instance.IsFailing && !instance.Ejection.IsActive(now.Elapsed))
            .OrderByDescending(instance => instance.Window.Means.ErrorRate)
            .ThenBy(instance => instance.Record.Id, StringComparer.Ordinal)
            .Take(Math.Max(0, limit - ejected.Count));
        foreach (var instance in due.ToList())
        {
            instance.Ejection.Begin(now.Elapsed, options.Ejection);
        }
    }

    private InstanceState StateOf(InstanceModel instance) => instance switch
    {
        _ when isOffline(instance) => InstanceState.Offline,
        _ when isDown(instance.Record.Id) => InstanceState.Down,
        { Record.Draining: true } => InstanceState.Draining,
        _ when instance.Ejection.IsActive(now.Elapsed) => InstanceState.Ejected,
        { IsWarm: false } => InstanceState.Warming,
        { IsProbed: true } or { Record.Probe: Probes.None } => InstanceState.Ready,
        _ => InstanceState.Unknown,
    };

    private Contender[] Contend(InstanceModel[] instances, InstanceState[] states)
    {
        var settled = states.Any(IsSettled);
        var contenders = new Contender[instances.Length];
        for (var i = 0; i < instances.Length; i++)
        {
            contenders[i] = new Contender
            {
                Means = instances[i].Window.Means,
                IsSampled = instances[i].IsSampled,
                IsPeer = IsPeer(states[i], settled),
            };
        }

        _scorer.Score(contenders);
        return contenders;
    }

    private InstanceView View(InstanceModel instance, InstanceState state, in Contender contender)
    {
        var record = instance.Record;
        var means = instance.IsSampled ? instance.Window.Means : new LoadSample(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN);
        return new InstanceView
        {
            Id = record.Id,
            Address = record.Address,
            Protocol = record.Protocol,
            Zone = record.Zone,
            Lane = record.Lane,
            Version = record.Version,
            Weight = Weight(instance, state, contender),
            Score = Figure(contender.Score),
            Cpu = Figure(means.Cpu),
            MemoryGib = Figure(means.MemoryGib),
            InFlight = Figure(means.InFlight),
            LatencyMs = Figure(means.LatencyMs),
            Rps = Figure(means.Rps),
            ErrorRate = Figure(means.ErrorRate),
            State = state,
            AgeMs = instance.IsSampled ? (long)instance.Age(now.Elapsed).TotalMilliseconds : null,
            IsStale = instance.IsStale,
        };
    }

    private double Weight(InstanceModel instance, InstanceState state, in Contender contender)
    {
        var smoothed = instance.Smooth(contender.Weight, now.Elapsed);
        if (state is InstanceState.Offline or InstanceState.Down or InstanceState.Draining)
        {
            return 0;
        }

        var id = instance.Record.Id;
        var named = 0.0;
        var isNamed = policy is not null && policy.Weights.TryGetValue(id, out named);
        var weight = policy?.Mode switch
        {
            ServicePolicy.Manual => isNamed ? named / 100 : 0,
            ServicePolicy.Hash => Operator(instance.Record, isNamed ? named : null),
            _ => Scored(instance, smoothed) * Operator(instance.Record, isNamed ? named : null),
        };
        return weight > 0 ? weight : 0;
    }

    private double Scored(InstanceModel instance, double smoothed) =>
        instance.IsWarm ? smoothed : Weights.Warmed(smoothed, now.Elapsed - instance.FirstSeen, options.Weights);

    private static double Operator(InstanceRecord record, double? named) => record.Weight / 100.0 * ((named ?? 100) / 100);
}
