using Fairway.Core.Directory;
using Fairway.Grains.Tests.Hosting;

namespace Fairway.Grains.Tests.Directory;

public sealed class StatusTests
{
    [Fact]
    public async Task Status_OneInstanceSlower_IsRankedLast()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.Registry.RegisterAsync("orders", "a");
        await host.Registry.RegisterAsync("orders", "b");
        await host.Registry.RegisterAsync("orders", "c");

        var reports = 0;
        await host.UntilAsTimePasses(async () =>
        {
            if (reports++ % 10 == 0)
            {
                await host.Registry.ReportAsync("orders", Writes.Up("a", 400), Writes.Up("b", 20), Writes.Up("c", 20));
            }

            return gateway.Ranked("orders") is [.., "a"] && gateway.Instance("orders", "a")!.Weight < 0.8;
        });

        Assert.Equal(400, gateway.Instance("orders", "a")!.LatencyMs!.Value, 1.0);
    }

    [Fact]
    public async Task Status_DownMark_ShowsWithoutTimePassing()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.Registry.RegisterAsync("orders", "a");
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "b"));

        await host.Registry.ReportAsync("orders", Writes.Down("b"));

        await DirectoryHost.Until(() => gateway.Instance("orders", "b") is { State: (int)InstanceState.Down });
        Assert.Equal(["a", "b"], gateway.Ranked("orders"));
    }

    [Fact]
    public async Task ExporterLeaseLost_ItsInstances_StayAndAreStale()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        var lease = await host.Registry.GrantAsync(TimeSpan.FromSeconds(10));
        await host.Registry.RegisterAsync("orders", "a");
        await host.CatchUpAsync(await host.Registry.ReportAsync("orders", lease, Writes.Up("a", 20)));

        await host.UntilAsTimePasses(() => gateway.Instance("orders", "a") is { IsStale: true });

        Assert.Equal(["a"], gateway.Ranked("orders"));
    }

    [Fact]
    public async Task Weights_NobodyReportsAnyMore_DecayByTheGrainsOwnTimer()
    {
        await using var host = await DirectoryHost.StartAsync();
        var gateway = await host.SubscribeAsync();
        await host.Registry.RegisterAsync("orders", "a");
        await host.Registry.RegisterAsync("orders", "b");
        var reports = 0;
        await host.UntilAsTimePasses(async () =>
        {
            if (reports++ % 10 == 0)
            {
                await host.Registry.ReportAsync("orders", Writes.Up("a", 400), Writes.Up("b", 20));
            }

            return gateway.Instance("orders", "a") is { Weight: < 0.7 };
        });

        await host.UntilAsTimePasses(async () =>
        {
            await host.RenewAsync(gateway);
            return gateway.Instance("orders", "a") is { Weight: > 0.95 };
        });

        await host.PassAsync(TimeSpan.FromSeconds(2));
        var known = (await host.RenewAsync(gateway)).Services.Single();
        Assert.Equal(gateway.Snapshot("orders")!.Sequence, known.Sequence);
    }
}
