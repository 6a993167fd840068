using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.Registry.Memory;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Probing;

/// <summary>A real process of another implementation as the instance: read, frozen, resumed, killed.</summary>
public sealed class ForeignInstanceTests
{
    [Fact]
    public async Task GrpcioServer_ReadFrozenResumedKilled_IsSeenInTime()
    {
        await using var instance = await PythonInstance.StartAsync();
        using var registry = new MemoryRegistry();
        await using var log = new StatusLog(registry);
        await using var exporter = await ExporterHost.StartAsync(registry);
        await registry.RegisterAsync(
            new InstanceRecord { Service = "orders", Id = "py", Address = instance.Address, Protocol = "grpc", Probe = Probes.Orca });

        await log.UntilUp("py");
        await Eventually.True(() => log.Of("py").Any(item => item.SampledAgain));
        Assert.Equal(new LoadSample(0.25, 0.5, 3, 12.5, 40, 0.25), log.Of("py").First(item => item.Sample is not null).Sample);
        await Eventually.True(() => log.Of("py") is [.., { ReportInterval.TotalSeconds: > 0.4 and < 0.8 }]);

        instance.Process.Freeze();
        await Eventually.True(() => log.IsDown("py"), TimeSpan.FromSeconds(2.8), "frozen and down within 3 s");

        instance.Process.Resume();
        await Eventually.True(() => log.IsUp("py"), TimeSpan.FromSeconds(3));

        instance.Process.Kill();
        await Eventually.True(() => log.IsDown("py"), TimeSpan.FromSeconds(1), "killed and down within 1 s");
    }
}
