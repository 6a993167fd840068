using System.Diagnostics.Metrics;
using Fairway.Core.Telemetry;

namespace Fairway.Core.Tests.Telemetry;

public sealed class MeterScrapeTests : IDisposable
{
    private readonly Meter _meter = new("Fairway.Test");
    private readonly MeterScrape _scrape;

    public MeterScrapeTests() => _scrape = new MeterScrape(meter => ReferenceEquals(meter, _meter));

    public void Dispose()
    {
        _scrape.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Write_Counter_IsTheSumBySeries()
    {
        var counter = _meter.CreateCounter<long>("b_total", description: "Back\\slash and\nline, \"quoted\".");
        counter.Add(1, new KeyValuePair<string, object?>("code", 200));
        counter.Add(2, new KeyValuePair<string, object?>("code", 200));
        counter.Add(5, new KeyValuePair<string, object?>("code", "a\"b\\c\nd"));

        Assert.Equal(
            """
            # HELP b_total Back\\slash and\nline, "quoted".
            # TYPE b_total counter
            b_total{code="200"} 3
            b_total{code="a\"b\\c\nd"} 5

            """,
            _scrape.Write());
    }

    [Fact]
    public void Write_FamiliesByName_EachOnce()
    {
        _meter.CreateCounter<int>("b").Add(1);
        _meter.CreateUpDownCounter<double>("a").Add(-0.5);

        Assert.Equal("# TYPE a gauge\na -0.5\n# TYPE b counter\nb 1\n", _scrape.Write());
    }

    [Fact]
    public async Task Write_InstrumentBornInAnotherThreadMeanwhile_NeitherWaitsForTheOther()
    {
        var isBorn = false;
        _meter.CreateObservableGauge("up", () =>
        {
            isBorn = Task.Run(() => _meter.CreateCounter<long>("late_total").Add(1)).Wait(TimeSpan.FromSeconds(10)); // as an initializer that this needs
            return 1;
        });

        Assert.Equal("# TYPE up gauge\nup 1\n", await Task.Run(_scrape.Write));

        Assert.True(isBorn);
        Assert.Contains("late_total ", await Task.Run(_scrape.Write), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ObservableThatNoLongerNamesASeries_DropsIt()
    {
        string[] names = ["x", "y"];
        _meter.CreateObservableGauge("up", () => names.Select(name => new Measurement<int>(1, [new("id", name)])));
        Assert.Equal("# TYPE up gauge\nup{id=\"x\"} 1\nup{id=\"y\"} 1\n", _scrape.Write());

        names = ["y"];
        Assert.Equal("# TYPE up gauge\nup{id=\"y\"} 1\n", _scrape.Write());

        names = [];
        Assert.Equal("", _scrape.Write());
    }

    [Fact]
    public void Write_Histogram_IsCumulative()
    {
        var histogram = _meter.CreateHistogram<double>(
            "wait_seconds", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var wait in new[] { 0.1, 0.5, 3 })
        {
            histogram.Record(wait, new KeyValuePair<string, object?>("lane", "base"));
        }

        Assert.Equal(
            """
            # TYPE wait_seconds histogram
            wait_seconds_bucket{lane="base",le="0.1"} 1
            wait_seconds_bucket{lane="base",le="1"} 2
            wait_seconds_bucket{lane="base",le="+Inf"} 3
            wait_seconds_sum{lane="base"} 3.6
            wait_seconds_count{lane="base"} 3

            """,
            _scrape.Write());
    }

    [Fact]
    public void Write_MeterOfAnother_IsLeftOut()
    {
        using var other = new Meter("Fairway.Test");
        other.CreateCounter<int>("x").Add(1);

        Assert.Equal("", _scrape.Write());
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(0.1, "0.1")]
    [InlineData(9007199254740993, "9007199254740992")]
    [InlineData(1e21, "1E+21")]
    public void Format_Number_IsTheFormats(double value, string expected) => Assert.Equal(expected, PrometheusText.Format(value));

    [Fact]
    public void Write_NamesOfDotNetsOwnMeters_AreSpelledForPrometheus()
    {
        _meter.CreateCounter<int>("kestrel.rejected", unit: "{connection}").Add(1, new KeyValuePair<string, object?>("error.type", true));
        _meter.CreateGauge<double>("dotnet.gc.pause", unit: "s").Record(2);

        Assert.Equal(
            "# TYPE dotnet_gc_pause_seconds gauge\ndotnet_gc_pause_seconds 2\n"
            + "# TYPE kestrel_rejected_total counter\nkestrel_rejected_total{error_type=\"true\"} 1\n",
            _scrape.Write());
    }
}
