using Fairway.Sdk.Load;
using Fairway.Sdk.Options;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Load;

public sealed class LoadSamplerTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly FakeUsage _usage = new();
    private readonly RequestMeter _meter;
    private readonly LoadSampler _sampler;

    public LoadSamplerTests()
    {
        _meter = new RequestMeter(_clock);
        _sampler = new LoadSampler(
            _meter, _usage, _clock, Microsoft.Extensions.Options.Options.Create(new FairwayOptions { ApplicationUtilization = () => 0.75 }));
    }

    [Fact]
    public void Read_AfterWork_IsTheWorkOfTheInterval()
    {
        var reader = _sampler.Open();
        Request(TimeSpan.FromMilliseconds(100), failed: false);
        Request(TimeSpan.FromMilliseconds(300), failed: true);
        _clock.Advance(TimeSpan.FromMilliseconds(1600));
        _usage.CpuTime += TimeSpan.FromMilliseconds(500);
        _meter.Begin();

        var figures = reader.Read();

        Assert.Equal(0.5, figures.Cpu, 6); // 0.5 s of 2 s, where half a processor is granted
        Assert.Equal(0.25, figures.Memory, 6);
        Assert.Equal(0.5, figures.MemoryGib, 6);
        Assert.Equal(1, figures.InFlight);
        Assert.Equal(200, figures.LatencyMs!.Value, 6);
        Assert.Equal(1, figures.Rps, 6);
        Assert.Equal(0.5, figures.Eps, 6);
        Assert.Equal(0.75, figures.Application);
    }

    [Fact]
    public void Read_NothingEnded_HasNoLatency()
    {
        var reader = _sampler.Open();
        _meter.Begin();
        _clock.Advance(TimeSpan.FromSeconds(1));

        var figures = reader.Read();

        Assert.Null(figures.LatencyMs);
        Assert.Equal(0, figures.Rps);
        Assert.Equal(1, figures.InFlight);
    }

    [Fact]
    public void Read_TwoReaders_EachCoversItsOwnInterval()
    {
        var slow = _sampler.Open();
        var fast = _sampler.Open();
        Request(TimeSpan.FromSeconds(1), failed: false);
        var first = fast.Read();
        _clock.Advance(TimeSpan.FromSeconds(1));
        var second = fast.Read();

        Assert.Equal(1, first.Rps, 6);
        Assert.Equal(0, second.Rps);
        Assert.Equal(0.5, slow.Read().Rps, 6);
    }

    [Fact]
    public void Open_AfterAWhile_FirstReadCoversTheLastSeconds()
    {
        _clock.Advance(TimeSpan.FromSeconds(60));
        Request(TimeSpan.FromMilliseconds(500), failed: false);

        var figures = _sampler.Open().Read();

        Assert.InRange(figures.Rps, 1 / 2.0, 1 / 0.5);
        Assert.Equal(500, figures.LatencyMs!.Value, 6);
    }

    [Fact]
    public void Header_WithinItsAge_IsMadeOnceButForWhatIsInFlight()
    {
        var header = new LoadHeader(_sampler, _meter, _clock);
        var before = header.Value.ToString();
        Request(TimeSpan.FromMilliseconds(50), failed: false);
        _meter.Begin();
        var cached = header.Value.ToString();
        _clock.Advance(TimeSpan.FromMilliseconds(50));
        var renewed = header.Value.ToString();

        Assert.EndsWith("named_metrics.in_flight=0", before, StringComparison.Ordinal);
        Assert.Equal(before[..^1] + "1", cached);
        Assert.EndsWith("named_metrics.in_flight=1", renewed, StringComparison.Ordinal);
        Assert.Contains("latency_ms=50", renewed, StringComparison.Ordinal);
    }

    [Fact]
    public void Format_Figures_IsOrcaText() =>
        Assert.Equal(
            "TEXT cpu_utilization=0.25,mem_utilization=0.125,rps_fractional=12.5,eps=1,named_metrics.latency_ms=8.25,named_metrics.memory_gib=0.5",
            LoadHeader.Format(new LoadFigures(0.25, 0.125, 0.5, 3, 8.25, 12.5, 1, null)));

    [Fact]
    public void Format_NotANumber_IsLeftOut() =>
        Assert.DoesNotContain("application", LoadHeader.Format(new LoadFigures(0, 0, 0, 0, null, 0, 0, double.NaN)), StringComparison.Ordinal);

    [Fact]
    public void ProcessUsage_AfterBurning_Grows()
    {
        var usage = new ProcessUsage();
        var before = usage.CpuTime;
        Fairway.Backend.Burner.Burn(30);

        Assert.True(usage.CpuTime > before);
        Assert.InRange(usage.ResidentBytes, 10 << 20, 16L << 30);
    }

    public void Dispose() => _sampler.Dispose();

    private void Request(TimeSpan duration, bool failed)
    {
        var begun = _meter.Begin();
        _clock.Advance(duration);
        _meter.End(begun, failed);
    }

    private sealed class FakeUsage : IProcessUsage
    {
        public TimeSpan CpuTime { get; set; }

        public long ResidentBytes => 512L << 20;

        public CgroupLimits Limits => new(0.5, 2L << 30);
    }
}
