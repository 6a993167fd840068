using Fairway.Core.Scoring;

namespace Fairway.Core.Tests.Scoring;

public class EjectionTests
{
    private static readonly EjectionOptions Options = EjectionOptions.Default;

    [Theory]
    [InlineData(0.5, 10, 1, true)]
    [InlineData(0.49, 1000, 5, false)] // not failing enough
    [InlineData(1, 9, 1, false)] // too few requests
    [InlineData(1, 2, 5, true)] // ten in five seconds
    [InlineData(double.NaN, 100, 5, false)]
    [InlineData(1, double.NaN, 5, false)]
    public void IsDue_Table_NeedsRateAndVolume(double errorRate, double rps, double coveredSeconds, bool due)
    {
        var window = new WindowSnapshot(new LoadSample(0, 0, 0, 0, rps, errorRate), 1, TimeSpan.Zero);
        Assert.Equal(due, Ejection.IsDue(window, TimeSpan.FromSeconds(coveredSeconds), Options));
    }

    [Fact]
    public void IsDue_EmptyWindow_IsNot() =>
        Assert.False(Ejection.IsDue(new WindowSnapshot(new LoadSample(0, 0, 0, 0, 100, 1), 0, null), TimeSpan.FromSeconds(5), Options));

    [Fact]
    public void Begin_AgainAndAgain_LastsLongerUpToTheMost()
    {
        var ejection = default(Ejection);
        var now = TimeSpan.Zero;
        foreach (var seconds in (int[])[10, 20, 30, 40])
        {
            Assert.False(ejection.IsActive(now));
            ejection.Begin(now, Options);
            Assert.True(ejection.IsActive(now + TimeSpan.FromSeconds(seconds - 0.001)));
            now += TimeSpan.FromSeconds(seconds);
        }

        for (var i = 0; i < 100; i++)
        {
            ejection.Begin(now, Options);
            now = ejection.Until;
        }

        ejection.Begin(now, Options);
        Assert.Equal(now + Options.MaxDuration, ejection.Until);
    }

    [Theory]
    [InlineData(9, 30)] // 9 s of peace forgive nothing
    [InlineData(10, 20)]
    [InlineData(20, 10)]
    [InlineData(9999, 10)]
    public void Begin_AfterPeace_IsForgiven(int peaceSeconds, int lastsSeconds)
    {
        var ejection = default(Ejection);
        ejection.Begin(TimeSpan.Zero, Options);
        ejection.Begin(ejection.Until, Options);
        var now = ejection.Until + TimeSpan.FromSeconds(peaceSeconds);

        ejection.Begin(now, Options);

        Assert.Equal(now + TimeSpan.FromSeconds(lastsSeconds), ejection.Until);
    }

    [Fact]
    public void End_Active_ReadmitsAtOnce()
    {
        var ejection = default(Ejection);
        ejection.Begin(TimeSpan.Zero, Options);
        ejection.End(TimeSpan.FromSeconds(1));
        Assert.False(ejection.IsActive(TimeSpan.FromSeconds(1)));
    }
}
