using Fairway.Backend;
using Fairway.GrpcWire;
using Fairway.GrpcWire.Orca;
using Fairway.Sdk.Probing;
using Fairway.Testing;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Sdk.Tests.Probing;

public sealed class OrcaTests
{
    [Fact]
    public async Task StreamCoreMetrics_UnderLoad_ReportsRealFigures()
    {
        await using var host = await ServiceHost.StartAsync();
        using var probe = host.Probe();
        await using var reports = Reports(probe, TimeSpan.FromMilliseconds(200));
        var held = Enumerable.Range(0, 3).Select(_ => host.Http.GetAsync(new Uri(host.Address, "/hold"))).ToList();

        var seen = await UntilAsync(reports, report => report.NamedMetrics["in_flight"] == 3);
        Assert.InRange(seen.NamedMetrics["memory_gib"], 0.01, 64);
        Assert.InRange(seen.MemUtilization, 0.0001, 1);

        for (var round = 0; round < 5; round++)
        {
            await host.Http.GetAsync(host.Address);
            await host.Http.GetAsync(new Uri(host.Address, "/fail"));
            await host.Http.GetAsync(new Uri(host.Address, "/throw"));
        }

        var busy = await UntilAsync(reports, report => report.Eps > 0);
        Assert.True(busy.Eps <= busy.RpsFractional, $"{busy}");
        Assert.True(busy.NamedMetrics["latency_ms"] > 0, $"{busy}");

        host.Release.SetResult();
        await Task.WhenAll(held);
        await UntilAsync(reports, report => report.NamedMetrics["in_flight"] == 0);
    }

    [Fact]
    public async Task StreamCoreMetrics_ProcessorBurnt_ShowsInCpu()
    {
        await using var host = await ServiceHost.StartAsync();
        using var probe = host.Probe();
        await using var reports = Reports(probe, TimeSpan.FromMilliseconds(200));
        Assert.True(await reports.MoveNextAsync());
        Burner.Burn(300);

        // One busy thread of at most 64 processors, over an interval of 200 ms or a late one.
        var burnt = await UntilAsync(reports, report => report.CpuUtilization > 0.2 / Environment.ProcessorCount);
        Assert.InRange(burnt.CpuUtilization, 0, 1.5);
    }

    [Fact]
    public async Task StreamCoreMetrics_OnAClock_ReportsAtTheInterval()
    {
        var clock = new ManualClock();
        await using var host = await ServiceHost.StartAsync(time: clock);
        using var probe = host.Probe();
        await using var reports = Reports(probe, TimeSpan.FromMilliseconds(500));
        Assert.True(await reports.MoveNextAsync()); // at once
        for (var round = 0; round < 3; round++)
        {
            var next = reports.MoveNextAsync().AsTask();
            clock.Advance(TimeSpan.FromMilliseconds(499));
            Assert.False(next.IsCompleted);
            clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(10)));
        }
    }

    [Theory]
    [InlineData(null, 1000)]
    [InlineData(0L, 1000)]
    [InlineData(-5L, 1000)]
    [InlineData(1L, 100)]
    [InlineData(250L, 250)]
    [InlineData(long.MaxValue, 3_600_000)]
    public async Task Grant_Asked_IsWithinBounds(long? askedMs, double grantedMs)
    {
        await using var host = await ServiceHost.StartAsync();
        var asked = askedMs is { } ms ? new Duration { Seconds = ms / 1000, Nanos = (int)(ms % 1000) * 1_000_000 } : null;

        Assert.Equal(grantedMs, host.App.Services.GetRequiredService<ProbeEndpoints>().Grant(asked).TotalMilliseconds);
    }

    [Fact]
    public async Task ProbePort_ServicesOwnMiddleware_IsNotAsked()
    {
        await using var host = await ServiceHost.StartAsync();
        using var http = new HttpClient { DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var answer = await http.GetAsync(new Uri($"http://{host.Instance.Record!.ProbeAddress}/"));

        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Response_InBand_CarriesTheLoad()
    {
        await using var host = await ServiceHost.StartAsync(configure: options => options.ApplicationUtilization = () => 0.5);

        using var answer = await host.Http.GetAsync(host.Address);

        var value = Assert.Single(answer.Headers.GetValues("endpoint-load-metrics"));
        Assert.StartsWith("TEXT ", value, StringComparison.Ordinal);
        var figures = value["TEXT ".Length..].Split(',').Select(pair => pair.Split('='))
            .ToDictionary(pair => pair[0], pair => double.Parse(pair[1]));
        Assert.Equal(0.5, figures["application_utilization"]);
        Assert.True(figures["named_metrics.memory_gib"] > 0);
        Assert.Contains("cpu_utilization", figures.Keys);
        Assert.Contains("rps_fractional", figures.Keys);
        Assert.Contains("named_metrics.in_flight", figures.Keys);
    }

    [Fact]
    public async Task Response_InBandOff_CarriesNone()
    {
        await using var host = await ServiceHost.StartAsync(configure: options => options.InBandLoad = false);

        using var answer = await host.Http.GetAsync(host.Address);

        Assert.False(answer.Headers.Contains("endpoint-load-metrics"));
    }

    private static IAsyncEnumerator<OrcaLoadReport> Reports(GrpcChannel probe, TimeSpan interval) =>
        probe.ServerStreaming(
            WellKnown.OrcaStreamCoreMetrics, new OrcaLoadReportRequest { ReportInterval = Duration.FromTimeSpan(interval) })
            .GetAsyncEnumerator();

    private static async Task<OrcaLoadReport> UntilAsync(IAsyncEnumerator<OrcaLoadReport> reports, Func<OrcaLoadReport, bool> condition)
    {
        for (var count = 0; count < 50; count++)
        {
            Assert.True(await reports.MoveNextAsync());
            if (condition(reports.Current))
            {
                return reports.Current;
            }
        }

        throw new TimeoutException($"Not among 50 reports; the last is {reports.Current}");
    }
}
