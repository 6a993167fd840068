using System.Collections.Immutable;
using Fairway.Core.Releases;

namespace Fairway.Core.Tests.Releases;

/// <summary>A service that does what a release asks: instances come up two ticks (one second each) after they are asked for.</summary>
internal sealed class ReleaseWorld
{
    private const int StartTicks = 2;

    private readonly Dictionary<string, Instance> _instances = [];
    private int _made;

    public DateTimeOffset Now { get; private set; } = DateTimeOffset.UnixEpoch;

    public ReleaseState State { get; private set; } = null!;

    /// <summary>Users of 10,000 sent to the lane now, and each ratio that was set in turn.</summary>
    public int Ratio { get; private set; }

    public List<int> Ratios { get; } = [];

    public bool LaneOpen { get; private set; }

    public bool LaneDeclared { get; private set; }

    public HashSet<string> Offline { get; } = [];

    public int MostInstances { get; private set; }

    public double CpuEach { get; set; } = 0.2;

    public double LaneErrorRate { get; set; }

    public double LaneLatencyMs { get; set; } = 20;

    public double LaneRps { get; set; } = 10;

    public double InFlight { get; set; }

    /// <summary>New instances never come up.</summary>
    public bool Broken { get; set; }

    /// <summary>Where set, half of all effects are lost.</summary>
    public Random? Swallow { get; set; }

    public IEnumerable<string> BaseIds => Ids(lane: false);

    public IEnumerable<string> LaneIds => Ids(lane: true);

    public int UsableBase => Fleet.Base.Count(member => member.IsUsable);

    public int UsableLane => Fleet.Lane.Count(member => member.IsUsable);

    public int ServingBase => Serving(lane: false);

    public int ServingLane => Serving(lane: true);

    public ReleaseFleet Fleet => new(Members(lane: false), Members(lane: true));

    public void Begin(
        ReleaseStrategy strategy, int old, bool verify = true, BreachAction onBreach = BreachAction.Pause)
    {
        for (var i = 0; i < old; i++)
        {
            _instances[$"v1-{i}"] = new Instance(false, 0);
        }

        _made = 0;
        var plan = new ReleasePlan { Service = "orders", Version = "2", Lane = "orders-2", Strategy = strategy, NeedsVerification = verify, OnBreach = onBreach };
        Take(ReleaseMachine.Begin(plan, Fleet, Now));
    }

    public void Say(Func<ReleaseState, ReleaseStep> command) => Take(command(State), mayLose: false);

    public void Tick(int times = 1)
    {
        for (; times > 0; times--)
        {
            Now = Now.AddSeconds(1);
            foreach (var instance in _instances.Values)
            {
                instance.Starting = Math.Max(0, instance.Starting - 1);
            }

            Take(ReleaseMachine.Tick(State, Fleet, Now));
            MostInstances = Math.Max(MostInstances, _instances.Count);
        }
    }

    public void Until(ReleasePhase phase)
    {
        for (var ticks = 0; State.Phase != phase; ticks++)
        {
            Assert.True(ticks < 2000, $"{phase} is not reached; it stands at {State}");
            Tick();
        }
    }

    public void Kill(string id) => _instances.Remove(id);

    private void Take(ReleaseStep step, bool mayLose = true)
    {
        State = step.State;
        foreach (var effect in step.Effects)
        {
            if (!mayLose || Swallow?.Next(2) is not 0)
            {
                Do(effect);
            }
        }
    }

    private void Do(ReleaseEffect effect)
    {
        switch (effect)
        {
            case ReleaseEffect.OpenLane:
                LaneOpen = LaneDeclared = true;
                break;
            case ReleaseEffect.CloseLane:
                LaneOpen = LaneDeclared = false;
                break;
            case ReleaseEffect.Send(var ratio):
                if (Ratio != ratio)
                {
                    Ratios.Add(ratio);
                }

                Ratio = ratio;
                break;
            case ReleaseEffect.TakeOut(var targets):
                Offline.UnionWith(targets.Select(target => target.Address));
                break;
            case ReleaseEffect.BringBack(var targets):
                Offline.ExceptWith(targets.Select(target => target.Address));
                break;
            case ReleaseEffect.ScaleLane(var count):
                Scale(lane: true, count, []);
                State = State with { LaneScale = count };
                break;
            case ReleaseEffect.ScaleBase(var count, var stop):
                Scale(lane: false, count, stop);
                State = State with { BaseScale = count };
                break;
            case ReleaseEffect.Promote:
                LaneDeclared = false;
                foreach (var instance in _instances.Values)
                {
                    instance.InLane = false;
                }

                break;
        }
    }

    private void Scale(bool lane, int count, ImmutableArray<ReleaseTarget> stop)
    {
        foreach (var target in stop)
        {
            _instances.Remove(target.Id);
        }

        // Promoted instances are the new version's to count, wherever they are.
        while (_instances.Keys.Count(id => id.StartsWith(lane ? "v2-" : "v1-", StringComparison.Ordinal)) is var there && there != count)
        {
            if (there < count)
            {
                _instances[lane ? $"v2-{_made++}" : $"v1-again-{_made++}"] = new Instance(lane, Broken ? int.MaxValue : StartTicks);
            }
            else
            {
                _instances.Remove(Of(lane).First());
            }
        }
    }

    private List<string> Of(bool lane) => [.. _instances.Where(pair => pair.Value.InLane == lane).Select(pair => pair.Key)];

    private IEnumerable<string> Ids(bool lane) => Of(lane).Order(StringComparer.Ordinal);

    private int Serving(bool lane) => Members(lane).Count(member => member.IsUsable && !Offline.Contains(member.Address));

    private ImmutableArray<ReleaseMember> Members(bool lane) =>
    [
        .. from pair in _instances
           where pair.Value.InLane == lane
           select new ReleaseMember(pair.Key, "a-" + pair.Key, pair.Value.Starting == 0)
           {
               Cpu = CpuEach,
               Rps = lane ? LaneRps : 10,
               ErrorRate = lane ? LaneErrorRate : 0,
               LatencyMs = lane ? LaneLatencyMs : 20,
               InFlight = InFlight,
           },
    ];

    private sealed class Instance(bool inLane, int starting)
    {
        public bool InLane { get; set; } = inLane;

        public int Starting { get; set; } = starting;
    }
}
