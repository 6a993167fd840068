using Fairway.Exporter.Load;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Load;

public sealed class ReportClockTests
{
    private readonly ManualClock _time = new();

    [Fact]
    public void Interval_BeforeTwoReports_IsTheOneAskedFor()
    {
        var clock = new ReportClock(_time, TimeSpan.FromSeconds(1));
        clock.Tick();

        Assert.Equal(TimeSpan.FromSeconds(1), clock.Interval);
    }

    [Fact]
    public void Interval_OfASlowServer_IsTheOneSeen()
    {
        var clock = new ReportClock(_time, TimeSpan.FromSeconds(1));
        clock.Tick();
        _time.Advance(TimeSpan.FromSeconds(10));
        clock.Tick();
        Assert.Equal(TimeSpan.FromSeconds(10), clock.Interval);

        _time.Advance(TimeSpan.FromSeconds(20));
        clock.Tick();
        Assert.Equal(TimeSpan.FromSeconds(15), clock.Interval);
    }

    [Fact]
    public void Interval_OverAGapBetweenStreams_Stays()
    {
        var clock = new ReportClock(_time, TimeSpan.FromSeconds(1));
        clock.Tick();
        _time.Advance(TimeSpan.FromMinutes(1));
        clock.Restart();
        clock.Tick();

        Assert.Equal(TimeSpan.FromSeconds(1), clock.Interval);
    }
}
