using Fairway.Core.Scoring;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.GrpcWire.Health;
using Fairway.GrpcWire.Orca;
using Fairway.Registry.Memory;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Load;

/// <summary>Real load streams, real time.</summary>
public sealed class LoadTests : IAsyncLifetime
{
    private readonly MemoryRegistry _registry = new();
    private StatusLog _log = null!;
    private ExporterHost _exporter = null!;
    private GrpcInstance _instance = null!;

    public async Task InitializeAsync()
    {
        _instance = await GrpcInstance.StartAsync();
        _log = new StatusLog(_registry);
        _exporter = await ExporterHost.StartAsync(_registry);
        await _registry.RegisterAsync(_instance.Record("a"));
        await _log.UntilUp("a");
    }

    public async Task DisposeAsync()
    {
        await _exporter.DisposeAsync();
        await _log.DisposeAsync();
        await _instance.DisposeAsync();
        _registry.Dispose();
    }

    [Fact]
    public async Task Report_OfASecondsInterval_IsAskedForAndPut()
    {
        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.5, RpsFractional = 10 });

        await Eventually.True(() => _log.Of("a").Any(item => item.Sample is not null));

        var item = _log.Of("a").Single(item => item.Sample is not null);
        Assert.Equal(new LoadSample(0.5, double.NaN, double.NaN, double.NaN, 10, 0), item.Sample);
        Assert.InRange(item.SampleAge, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(1), item.ReportInterval);
        Assert.Equal(TimeSpan.FromSeconds(1), _instance.Requests.Single().ReportInterval.ToTimeSpan());
    }

    [Fact]
    public async Task Report_OfTheSameFigures_IsNamedWithoutThem()
    {
        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.5 });
        await Eventually.True(() => _log.Of("a").Any(item => item.Sample is not null));

        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.5 });
        await Eventually.True(() => _log.Of("a").Any(item => item.SampledAgain));

        Assert.Single(_log.Of("a"), item => item.Sample is not null);
    }

    [Fact]
    public async Task Interval_OfAServerThatGrantsLessOften_IsTheOneSeen()
    {
        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.5 });
        await Eventually.True(() => _log.Of("a").Any(item => item.Sample is not null));
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System); // the server's own pace

        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.6 });
        await Eventually.True(() => _log.Of("a") is [.., { Sample.Cpu: 0.6 }]);

        Assert.InRange(_log.Of("a")[^1].ReportInterval.TotalSeconds, 1.9, 5);
    }

    [Fact]
    public async Task Garbage_OfEveryKind_IsCountedAndTheOldSampleStands()
    {
        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.5 });
        await Eventually.True(() => _log.Of("a").Any(item => item.Sample is not null));

        _instance.Report(new OrcaLoadReport { CpuUtilization = double.NaN });
        _instance.Report(new OrcaLoadReport { RpsFractional = -1 });
        _instance.Report(new OrcaLoadReport { Eps = 1e12 });
        _instance.ReportBytes(0x09, 0, 0, 0);
        _instance.ReportBytes(0xff, 0xff, 0xff, 0xff);
        await Eventually.Passes(async () =>
        {
            var metrics = await _exporter.MetricsAsync();
            Assert.Contains(Refused("non_finite", 1), metrics);
            Assert.Contains(Refused("negative", 1), metrics);
            Assert.Contains(Refused("too_large", 1), metrics);
            Assert.Contains(Refused("undecodable", 2), metrics);
            Assert.Contains("""fairway_load_reports_total{service="orders",instance="a",lane="",zone="z1"} 6""", metrics);
            Assert.Contains("""fairway_instance_cpu_ratio{service="orders",instance="a",lane="",zone="z1"} 0.5""", metrics);
        });

        // The same stream goes on, and good figures after bad ones count.
        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.7 });
        await Eventually.True(() => _log.Of("a") is [.., { Sample.Cpu: 0.7 }]);
        Assert.Single(_instance.Requests);
        Assert.True(_log.IsUp("a"));
        Assert.All(_log.Of("a"), item => Assert.True(item.Sample is null or { Cpu: 0.5 or 0.7 }));
    }

    [Fact]
    public async Task Garbage_CutInItsMiddle_IsCountedAndTheStreamOpenedAgain()
    {
        await Eventually.True(() => _instance.Requests.Count == 1);

        _instance.ReportCut();
        await Eventually.Passes(async () => Assert.Contains(Refused("undecodable", 1), await _exporter.MetricsAsync()));

        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.7 });
        await Eventually.True(() => _log.Of("a") is [.., { Sample.Cpu: 0.7 }]);
        Assert.True(_log.IsUp("a"));
    }

    [Fact]
    public async Task Report_Empty_IsNoSample()
    {
        _instance.Report(new OrcaLoadReport());
        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.7 });
        await Eventually.True(() => _log.Of("a").Any(item => item.Sample is not null));

        Assert.Equal(0.7, _log.Of("a").First(item => item.Sample is not null).Sample!.Value.Cpu);
        Assert.DoesNotContain("fairway_load_refused_total", await _exporter.MetricsAsync());
    }

    [Fact]
    public async Task Report_OfOneThatDoesNotServe_DoesNotBringItUp()
    {
        _instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await _log.UntilDown("a");

        _instance.Report(new OrcaLoadReport { CpuUtilization = 0.7 });
        await Task.Delay(TimeSpan.FromSeconds(1.2), TimeProvider.System); // two checks and a tick

        Assert.True(_log.IsDown("a"));
    }

    [Fact]
    public async Task Silence_OfTheLoadStream_IsNoFailureAndNoPut()
    {
        await Eventually.True(() => _instance.Requests.Count == 1);
        var puts = _log.Puts.Count;

        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System); // ticks without news

        Assert.Equal(puts, _log.Puts.Count);
        Assert.True(_log.IsUp("a"));
    }

    private static string Refused(string reason, int count) =>
        $$"""fairway_load_refused_total{service="orders",instance="a",lane="",zone="z1",reason="{{reason}}"} {{count}}""" + "\n";
}
