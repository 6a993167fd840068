using Fairway.Core.Lanes;
using Fairway.Testing;

namespace Fairway.Core.Tests.Lanes;

public sealed class StandInsTests
{
    private static readonly LaneGroupState Up = new(IsDeclared: true, "base", HasConsumer: true);
    private static readonly LaneGroupState Down = new(IsDeclared: true, "base", HasConsumer: false);
    private static readonly LaneGroupState Parked = new(IsDeclared: true, "park", HasConsumer: false);
    private static readonly LaneGroupState Removed = new(IsDeclared: false, "park", HasConsumer: true);

    private readonly ManualClock _clock = new();
    private readonly StandIns _rule;

    public StandInsTests() => _rule = new StandIns(TimeSpan.FromSeconds(15), _clock);

    [Fact]
    public void Update_DownForLongEnough_BaseBegins()
    {
        Assert.False(See(Down));
        _clock.Advance(TimeSpan.FromSeconds(14));
        Assert.False(See(Down));
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.True(See(Down));
        Assert.Equal(["blue"], _rule.Lanes);
        Assert.False(See(Down));
    }

    [Fact]
    public void Update_UpAgain_BaseEndsAtOnceAndWaitsAnew()
    {
        See(Down);
        _clock.Advance(TimeSpan.FromSeconds(15));
        See(Down);

        Assert.True(See(Up));
        Assert.Empty(_rule.Lanes);
        See(Down);
        _clock.Advance(TimeSpan.FromSeconds(14));
        Assert.False(See(Down));
    }

    [Fact]
    public void Update_ABriefComeback_BeginsTheWaitAnew()
    {
        See(Down);
        _clock.Advance(TimeSpan.FromSeconds(10));
        See(Up);
        See(Down);
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.False(See(Down));
    }

    [Fact]
    public void Update_RegistryAway30Seconds_BaseDoesNotBeginAndWaitsAnewAfterwards()
    {
        See(Down);
        for (var second = 0; second < 30; second++)
        {
            Assert.False(See(Down, isStale: true));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(See(Down));
        _clock.Advance(TimeSpan.FromSeconds(14));
        Assert.False(See(Down));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(See(Down));
    }

    [Fact]
    public void Update_RegistryAway_WhoStandsInGoesOn()
    {
        See(Down);
        _clock.Advance(TimeSpan.FromSeconds(15));
        See(Down);

        Assert.False(See(Up, isStale: true));
        Assert.Equal(["blue"], _rule.Lanes);
    }

    [Fact]
    public void Update_Park_IsLeftAloneHoweverLong()
    {
        See(Parked);
        _clock.Advance(TimeSpan.FromHours(1));

        Assert.False(See(Parked));
        Assert.Empty(_rule.Lanes);
    }

    [Fact]
    public void Update_LaneRemoved_BaseTakesTheRestWhateverThePolicyWas()
    {
        See(Removed);
        _clock.Advance(TimeSpan.FromSeconds(15));

        Assert.True(See(Removed));
        Assert.Equal(["blue"], _rule.Lanes);
    }

    private bool See(LaneGroupState state, bool isStale = false) =>
        _rule.Update(new Dictionary<string, LaneGroupState> { ["blue"] = state }, isStale);
}
