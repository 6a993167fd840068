using Microsoft.Extensions.DependencyInjection;

namespace Fairway.LocalSilo.Tests;

/// <summary>The counts are LocalSilo's own; Orleans has others, behind its management grain.</summary>
public sealed class StatisticsTests
{
    [Fact]
    public async Task Read_AfterCalls_CountsActivationsAndCalls()
    {
        await using var host = await TestHost.StartAsync();
        await host.Grains.GetGrain<IWorkGrain>("a").Add(1);
        await host.Grains.GetGrain<IWorkGrain>("a").Add(1);
        await host.Grains.GetGrain<IWorkGrain>("b").End();
        await host.Probe.Noted("b off ApplicationRequested");
        var statistics = host.Services.GetRequiredService<LocalSiloStatistics>();
        await Probe.Until(() => Work().Activations == 1);

        Assert.Equal(new GrainTypeStatistics("work", typeof(WorkGrain).FullName!, 1, 3), Work());

        GrainTypeStatistics Work() => statistics.Read().Single(entry => entry.Type == "work");
    }
}
