using Fairway.Core.Releases;

namespace Fairway.Core.Tests.Releases;

public sealed class ReleaseMachineTests
{
    private readonly ReleaseWorld _world = new();

    [Fact]
    public void BlueGreen_AllGood_WalksEveryPhaseAndFreesTheOldOnes()
    {
        _world.Begin(ReleaseStrategy.BlueGreen, old: 3);
        _world.Until(ReleasePhase.Verifying);
        Assert.Equal((3, 3, 0), (_world.UsableBase, _world.UsableLane, _world.Ratio));

        _world.Say(state => ReleaseMachine.Verify(state, _world.Now));
        Assert.Equal(100, _world.Ratio);
        _world.Until(ReleasePhase.Promoting);
        Assert.Equal(10_000, _world.Ratio);
        _world.Until(ReleasePhase.Done);

        Assert.Equal(["v2-0", "v2-1", "v2-2"], _world.BaseIds);
        Assert.Empty(_world.LaneIds);
        Assert.False(_world.LaneOpen);
        Assert.Empty(_world.Offline);
        Assert.Equal([100, 1000, 5000, 10_000, 0], _world.Ratios);
    }

    [Fact]
    public void Half_AllGood_NeverHasMoreInstancesThanBefore()
    {
        _world.Begin(ReleaseStrategy.Half, old: 4);
        _world.Until(ReleasePhase.Verifying);
        Assert.Equal((2, 2), (_world.UsableBase, _world.UsableLane));
        _world.Say(state => ReleaseMachine.Verify(state, _world.Now));
        _world.Until(ReleasePhase.Done);

        Assert.Equal(4, _world.UsableBase);
        Assert.All(_world.BaseIds, id => Assert.StartsWith("v2-", id, StringComparison.Ordinal));
        Assert.True(_world.MostInstances <= 4, $"{_world.MostInstances} instances at once");
        Assert.Empty(_world.Offline);
    }

    [Theory]
    [InlineData(ReleaseStrategy.BlueGreen, ReleasePhase.Starting)]
    [InlineData(ReleaseStrategy.BlueGreen, ReleasePhase.Verifying)]
    [InlineData(ReleaseStrategy.BlueGreen, ReleasePhase.Ramping)]
    [InlineData(ReleaseStrategy.Half, ReleasePhase.Emptying)]
    [InlineData(ReleaseStrategy.Half, ReleasePhase.Starting)]
    [InlineData(ReleaseStrategy.Half, ReleasePhase.Verifying)]
    [InlineData(ReleaseStrategy.Half, ReleasePhase.Ramping)]
    public void Rollback_InAnyPhase_SendsAllBackAtOnceAndRestoresTheOldOnes(ReleaseStrategy strategy, ReleasePhase phase)
    {
        _world.Begin(strategy, old: 4, verify: phase == ReleasePhase.Verifying);
        _world.Until(phase);

        _world.Say(state => ReleaseMachine.Rollback(state, "as asked", _world.Now));

        Assert.Equal(0, _world.Ratio);
        Assert.Empty(_world.Offline);
        _world.Until(ReleasePhase.RolledBack);
        Assert.Equal(4, _world.UsableBase);
        Assert.All(_world.BaseIds, id => Assert.StartsWith("v1-", id, StringComparison.Ordinal));
        Assert.Empty(_world.LaneIds);
        Assert.False(_world.LaneOpen);
    }

    [Theory]
    [InlineData(ReleaseStrategy.BlueGreen)]
    [InlineData(ReleaseStrategy.Half)]
    public void EveryTick_WholeRelease_SomebodyServesWhereverUsersAreSent(ReleaseStrategy strategy)
    {
        _world.Begin(strategy, old: 3, verify: false);
        while (!_world.State.IsOver)
        {
            _world.Tick();
            Assert.True(_world.ServingBase > 0, $"base is empty at {_world.State.Phase}");
            Assert.True(_world.Ratio == 0 || _world.ServingLane > 0 || !_world.LaneDeclared, $"the lane is empty at {_world.State.Phase}");
            Assert.True(_world.ServingBase + _world.ServingLane > 0);
        }

        Assert.Equal(ReleasePhase.Done, _world.State.Phase);
    }

    [Fact]
    public void Begin_HalfCannotCarry_IsRefused()
    {
        _world.CpuEach = 0.5;

        var refused = Assert.Throws<ReleaseRefusedException>(() => _world.Begin(ReleaseStrategy.Half, old: 4));

        Assert.Equal(ReleaseCodes.CapacityShort, refused.Code);
        Assert.Contains("1.00 of a processor", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Begin_NoBaseInstance_IsRefused() => Assert.Equal(
        ReleaseCodes.NothingToReplace,
        Assert.Throws<ReleaseRefusedException>(() => _world.Begin(ReleaseStrategy.BlueGreen, old: 0)).Code);

    [Theory]
    [InlineData(BreachAction.Pause)]
    [InlineData(BreachAction.Rollback)]
    public void Ramp_NewVersionFails_PausesOrRollsBack(BreachAction action)
    {
        _world.Begin(ReleaseStrategy.BlueGreen, old: 3, verify: false, onBreach: action);
        _world.Until(ReleasePhase.Ramping);
        _world.LaneErrorRate = 0.2;
        _world.Tick();

        Assert.Contains("20.0 %", _world.State.Reason, StringComparison.Ordinal);
        if (action == BreachAction.Pause)
        {
            Assert.True(_world.State is { IsPaused: true, Phase: ReleasePhase.Ramping });
            var ratio = _world.Ratio;
            _world.Tick(100);
            Assert.Equal(ratio, _world.Ratio);

            _world.LaneErrorRate = 0;
            _world.Say(state => ReleaseMachine.Resume(state, _world.Now));
            _world.Until(ReleasePhase.Done);
        }
        else
        {
            Assert.Equal(0, _world.Ratio);
            _world.Until(ReleasePhase.RolledBack);
        }
    }

    [Fact]
    public void Ramp_NewVersionSlow_Pauses()
    {
        _world.Begin(ReleaseStrategy.BlueGreen, old: 3, verify: false);
        _world.Until(ReleasePhase.Ramping);
        _world.LaneLatencyMs = 200;
        _world.Tick();

        Assert.True(_world.State.IsPaused);
        Assert.Contains("200 ms", _world.State.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Ramp_FewRequests_AreNoJudgement()
    {
        _world.Begin(ReleaseStrategy.BlueGreen, old: 3, verify: false);
        _world.LaneErrorRate = 1;
        _world.LaneRps = 0.1;
        _world.Until(ReleasePhase.Done);
    }

    [Fact]
    public void Ramp_NewInstancesLost_PausesBeforeAllUsersAreSent()
    {
        _world.CpuEach = 0.5;
        _world.Begin(ReleaseStrategy.BlueGreen, old: 3, verify: false);
        _world.Until(ReleasePhase.Ramping);
        _world.Kill("v2-0");
        _world.Kill("v2-1");
        _world.Tick(1000);

        Assert.True(_world.State.IsPaused);
        Assert.Equal(5000, _world.Ratio);
    }

    [Fact]
    public void Start_NewInstancesDoNotCome_Pauses()
    {
        _world.Broken = true;
        _world.Begin(ReleaseStrategy.BlueGreen, old: 3);
        _world.Tick(1000);

        Assert.True(_world.State is { IsPaused: true, Phase: ReleasePhase.Starting });
        Assert.Contains("0 of 3", _world.State.Reason, StringComparison.Ordinal);
        Assert.Equal(3, _world.UsableBase);
    }

    [Fact]
    public void Finish_WhileRamping_SendsAllAtOnce()
    {
        _world.Begin(ReleaseStrategy.BlueGreen, old: 3, verify: false);
        _world.Until(ReleasePhase.Ramping);

        _world.Say(state => ReleaseMachine.Finish(state, _world.Fleet, _world.Now));

        Assert.Equal(10_000, _world.Ratio);
        _world.Until(ReleasePhase.Done);
    }

    [Fact]
    public void Drain_RequestsUnderWay_AreWaitedForUpToTheLimit()
    {
        _world.Begin(ReleaseStrategy.BlueGreen, old: 3, verify: false);
        _world.Until(ReleasePhase.Freeing);
        _world.InFlight = 1;
        _world.Tick(20);
        Assert.Equal(6, _world.UsableBase);

        _world.Until(ReleasePhase.Done);
        Assert.Equal(3, _world.UsableBase);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("resume")]
    [InlineData("rollback")]
    [InlineData("pause")]
    [InlineData("finish")]
    public void Command_AfterTheEnd_IsRefused(string command)
    {
        _world.Begin(ReleaseStrategy.BlueGreen, old: 1, verify: false);
        _world.Until(ReleasePhase.Done);

        var refused = Assert.Throws<ReleaseRefusedException>(() => _world.Say(state => command switch
        {
            "verify" => ReleaseMachine.Verify(state, _world.Now),
            "resume" => ReleaseMachine.Resume(state, _world.Now),
            "rollback" => ReleaseMachine.Rollback(state, null, _world.Now),
            "pause" => ReleaseMachine.Pause(state, "x"),
            _ => ReleaseMachine.Finish(state, _world.Fleet, _world.Now),
        }));

        Assert.Equal(ReleaseCodes.WrongPhase, refused.Code);
    }

    [Fact]
    public void Crash_EffectsSwallowedAtRandom_StillEnds()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var world = new ReleaseWorld { Swallow = new Random(seed) };
            world.Begin(seed % 2 == 0 ? ReleaseStrategy.BlueGreen : ReleaseStrategy.Half, old: 2 + (seed % 4), verify: false);
            world.Until(ReleasePhase.Done);
            world.Tick(5);
            Assert.Equal(2 + (seed % 4), world.UsableBase);
        }
    }

    [Theory]
    [InlineData(new int[0], false)]
    [InlineData(new[] { 10_000 }, true)]
    [InlineData(new[] { 5000 }, false)]
    [InlineData(new[] { 5000, 5000, 10_000 }, false)]
    [InlineData(new[] { 0, 10_000 }, false)]
    [InlineData(new[] { 1, 9999, 10_000 }, true)]
    public void Errors_Ramp_MustRiseToAll(int[] ramp, bool isGood) => Assert.Equal(
        isGood, !ReleaseRules.Errors(new ReleasePlan { Service = "s", Version = "2", Lane = "l", Ramp = [.. ramp] }).Any());
}
