using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Time;

namespace Fairway.Core.Tests.Directory;

public class PublishRuleTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ServiceSnapshot Before = Snapshot(View("a"), View("b"));
    private readonly ServiceModel _model = new("orders");

    [Fact]
    public void ShouldPublish_First_Yes() => Assert.True(_model.ShouldPublish(null, Before, At(0)));

    [Fact]
    public void ShouldPublish_NothingChanged_NoHoweverLate() => Assert.False(ShouldPublish(Before, 3600));

    [Theory]
    [InlineData(1.04, 10, false)]
    [InlineData(0.96, 10, false)]
    [InlineData(1.06, 10, true)]
    [InlineData(0.94, 10, true)]
    [InlineData(1.06, 0.249, false)] // four a second at most
    [InlineData(1.06, 0.25, true)]
    public void ShouldPublish_WeightMoved_OnlyByEnoughAndNotTooSoon(double weight, double seconds, bool expected) =>
        Assert.Equal(expected, ShouldPublish(Snapshot(View("a") with { Weight = weight }, View("b")), seconds));

    [Fact]
    public void ShouldPublish_RanksSwapped_ComparesById()
    {
        Assert.False(ShouldPublish(Snapshot(View("b"), View("a")), 10));
        Assert.True(ShouldPublish(Snapshot(View("b") with { Weight = 1.2 }, View("a")), 10));
    }

    [Fact]
    public void ShouldPublish_ClockSetBack_StillPublishes() =>
        Assert.True(ShouldPublish(Snapshot(View("a") with { Weight = 2 }, View("b")), -100));

    [Fact]
    public void ShouldPublish_StateMembershipPolicyOrPanic_AtOnce()
    {
        ServiceSnapshot[] news =
        [
            Snapshot(View("a") with { State = InstanceState.Down }, View("b")),
            Snapshot(View("a") with { IsStale = true }, View("b")),
            Snapshot(View("a") with { AgeMs = 5 }, View("b")),
            Snapshot(View("a") with { Address = "elsewhere:1" }, View("b")),
            Snapshot(View("a") with { Lane = "blue" }, View("b")),
            Snapshot(View("a") with { Zone = "z2" }, View("b")),
            Snapshot(View("a")),
            Snapshot(View("a"), View("b"), View("c")),
            Snapshot(View("a"), View("c")),
            Before with { Policy = new ServicePolicy() },
            Before with { PanickedLanes = [""] },
        ];
        Assert.All(news, next => Assert.True(ShouldPublish(next, 0)));
    }

    [Fact]
    public void ShouldPublish_FiguresOnly_No() =>
        Assert.False(ShouldPublish(Snapshot(View("a") with { Cpu = 0.9, Score = 77 }, View("b")), 10));

    [Theory]
    [InlineData(0.249, false)]
    [InlineData(0.25, true)]
    [InlineData(-100, true)]
    public void HasNewFigures_OneFigureMoved_NotTooSoon(double seconds, bool expected) =>
        Assert.Equal(expected, HasNewFigures(Snapshot(View("a") with { Cpu = 0.9 }, View("b")), seconds));

    [Fact]
    public void HasNewFigures_OnlyAgeAndWeightMoved_No() =>
        Assert.False(HasNewFigures(Snapshot(View("a") with { AgeMs = 900, Weight = 1.01 }, View("b")), 10));

    private static Moment At(double seconds) => new(TimeSpan.Zero, Start.AddSeconds(seconds));

    private static InstanceView View(string id) => new()
    {
        Id = id, Address = id + ":80", Protocol = "http", Zone = "z1", Lane = "", Weight = 1, State = InstanceState.Ready,
    };

    private static ServiceSnapshot Snapshot(params ImmutableArray<InstanceView> views) => new()
    {
        Service = "orders", Sequence = 1, GeneratedAt = Start, Instances = views,
    };

    private bool HasNewFigures(ServiceSnapshot next, double seconds) => _model.HasNewFigures(Before, next, At(seconds));

    private bool ShouldPublish(ServiceSnapshot next, double seconds) => _model.ShouldPublish(Before, next, At(seconds));
}
