using System.Diagnostics.Metrics;
using Fairway.Gateway.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Gateway.Tests.Telemetry;

public sealed class PrometheusTextTests
{
    [Fact]
    public async Task Collect_EveryKind_IsTextOfVersion004()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var collector = new MetricsCollector(services.GetRequiredService<IMeterFactory>());
        await collector.StartingAsync(default);
        using var meter = new Meter("Fairway.Tests." + Guid.NewGuid());
        var counter = meter.CreateCounter<long>("fairway_t_jobs_total", description: "Jobs\nby \\kind.");
        counter.Add(2, new KeyValuePair<string, object?>("kind", "a\"b\\c\nd"));
        counter.Add(3, new KeyValuePair<string, object?>("kind", "a\"b\\c\nd"));
        var depth = meter.CreateUpDownCounter<int>("fairway_t_depth");
        depth.Add(5);
        depth.Add(-2);
        var level = meter.CreateGauge<double>("fairway_t_level_ratio");
        level.Record(0.5);
        level.Record(0.25);
        meter.CreateObservableGauge("fairway_t_seen", () => 7);
        var duration = meter.CreateHistogram("fairway_t_duration_seconds", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        duration.Record(0.1);
        duration.Record(0.5);
        duration.Record(9);

        collector.Collect();
        var text = PrometheusText.Write(collector.Collect().Where(family => family.Name.StartsWith("fairway_t_", StringComparison.Ordinal)));
        Assert.Equal(
            """
            # TYPE fairway_t_depth gauge
            fairway_t_depth 3
            # TYPE fairway_t_duration_seconds histogram
            fairway_t_duration_seconds_bucket{le="0.1"} 1
            fairway_t_duration_seconds_bucket{le="1"} 2
            fairway_t_duration_seconds_bucket{le="+Inf"} 3
            fairway_t_duration_seconds_sum 9.6
            fairway_t_duration_seconds_count 3
            # HELP fairway_t_jobs_total Jobs\nby \\kind.
            # TYPE fairway_t_jobs_total counter
            fairway_t_jobs_total{kind="a\"b\\c\nd"} 5
            # TYPE fairway_t_level_ratio gauge
            fairway_t_level_ratio 0.25
            # TYPE fairway_t_seen gauge
            fairway_t_seen 7

            """.ReplaceLineEndings("\n"),
            text);
    }

    [Theory]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(1.5, "1.5")]
    public void Number_Special_IsPrometheus(double value, string expected) => Assert.Equal(expected, PrometheusText.Number(value));
}
