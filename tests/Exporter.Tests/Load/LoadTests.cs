using Fairway.Core.Scoring;
using Fairway.Exporter.Tests.Hosting;
using Fairway.GrpcWire.Health;
using Fairway.GrpcWire.Orca;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Load;

/// <summary>Real load streams, real time.</summary>
public sealed class LoadTests : ExporterTest
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await RegisterAsync();
    }

    [Fact]
    public async Task Report_OfASecondsInterval_IsAskedForAndPut()
    {
        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.5, RpsFractional = 10 });

        await Eventually.True(() => Log.Of("a").Any(item => item.Sample is not null));

        var item = Log.Of("a").Single(item => item.Sample is not null);
        Assert.Equal(new LoadSample(0.5, double.NaN, double.NaN, double.NaN, 10, 0), item.Sample);
        Assert.InRange(item.SampleAge, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(1), item.ReportInterval);
        Assert.Equal(TimeSpan.FromSeconds(1), Instance.Requests.Single().ReportInterval.ToTimeSpan());
    }

    [Fact]
    public async Task Report_OfTheSameFigures_IsNamedWithoutThem()
    {
        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.5 });
        await Eventually.True(() => Log.Of("a").Any(item => item.Sample is not null));

        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.5 });
        await Eventually.True(() => Log.Of("a").Any(item => item.SampledAgain));

        Assert.Single(Log.Of("a"), item => item.Sample is not null);
    }

    [Fact]
    public async Task Interval_OfAServerThatGrantsLessOften_IsTheOneSeen()
    {
        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.5 });
        await Eventually.True(() => Log.Of("a").Any(item => item.Sample is not null));
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System); // the server's own pace

        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.6 });
        await Eventually.True(() => Log.Of("a") is [.., { Sample.Cpu: 0.6 }]);

        Assert.InRange(Log.Of("a")[^1].ReportInterval.TotalSeconds, 1.9, 5);
    }

    [Fact]
    public async Task Garbage_OfEveryKind_IsCountedAndTheOldSampleStands()
    {
        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.5 });
        await Eventually.True(() => Log.Of("a").Any(item => item.Sample is not null));

        Instance.Report(new OrcaLoadReport { CpuUtilization = double.NaN });
        Instance.Report(new OrcaLoadReport { RpsFractional = -1 });
        Instance.Report(new OrcaLoadReport { Eps = 1e12 });
        Instance.ReportBytes(0x09, 0, 0, 0);
        Instance.ReportBytes(0xff, 0xff, 0xff, 0xff);
        await Eventually.Passes(async () =>
        {
            var metrics = await Host.MetricsAsync();
            Assert.Contains(Refused("non_finite", 1), metrics);
            Assert.Contains(Refused("negative", 1), metrics);
            Assert.Contains(Refused("too_large", 1), metrics);
            Assert.Contains(Refused("undecodable", 2), metrics);
            Assert.Contains("""fairway_load_reports_total{service="orders",instance="a",lane="",zone="z1"} 6""", metrics);
            Assert.Contains("""fairway_instance_cpu_ratio{service="orders",instance="a",lane="",zone="z1"} 0.5""", metrics);
        });

        // The same stream goes on, and good figures after bad ones count.
        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.7 });
        await Eventually.True(() => Log.Of("a") is [.., { Sample.Cpu: 0.7 }]);
        Assert.Single(Instance.Requests);
        Assert.True(Log.IsUp("a"));
        Assert.All(Log.Of("a"), item => Assert.True(item.Sample is null or { Cpu: 0.5 or 0.7 }));
    }

    [Fact]
    public async Task Garbage_CutInItsMiddle_IsCountedAndTheStreamOpenedAgain()
    {
        await Eventually.True(() => Instance.Requests.Count == 1);

        Instance.ReportCut();
        await Eventually.Passes(async () => Assert.Contains(Refused("undecodable", 1), await Host.MetricsAsync()));

        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.7 });
        await Eventually.True(() => Log.Of("a") is [.., { Sample.Cpu: 0.7 }]);
        Assert.True(Log.IsUp("a"));
    }

    [Fact]
    public async Task Report_Empty_IsNoSample()
    {
        Instance.Report(new OrcaLoadReport());
        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.7 });
        await Eventually.True(() => Log.Of("a").Any(item => item.Sample is not null));

        Assert.Equal(0.7, Log.Of("a").First(item => item.Sample is not null).Sample!.Value.Cpu);
        Assert.DoesNotContain("fairway_load_refused_total", await Host.MetricsAsync());
    }

    [Fact]
    public async Task Report_OfOneThatDoesNotServe_DoesNotBringItUp()
    {
        Instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await Log.UntilDown("a");

        Instance.Report(new OrcaLoadReport { CpuUtilization = 0.7 });
        await Task.Delay(TimeSpan.FromSeconds(1.2), TimeProvider.System); // two checks and a tick

        Assert.True(Log.IsDown("a"));
    }

    [Fact]
    public async Task Silence_OfTheLoadStream_IsNoFailureAndNoPut()
    {
        await Eventually.True(() => Instance.Requests.Count == 1);
        var puts = Log.Puts.Count;

        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System); // ticks without news

        Assert.Equal(puts, Log.Puts.Count);
        Assert.True(Log.IsUp("a"));
    }

    private static string Refused(string reason, int count) =>
        $$"""fairway_load_refused_total{service="orders",instance="a",lane="",zone="z1",reason="{{reason}}"} {{count}}""" + "\n";
}
