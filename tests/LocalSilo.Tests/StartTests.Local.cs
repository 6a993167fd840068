namespace Fairway.LocalSilo.Tests;

/// <summary>Before its start: Orleans knows its grain classes from the build and hands out references then; LocalSilo looks for them at start.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task GetGrain_BeforeStart_Throws()
    {
        using var host = TestHost.Build(new Testing.ManualClock(), null);

        Assert.Throws<InvalidOperationException>(() => ((IGrainFactory)host.Services.GetService(typeof(IGrainFactory))!).GetGrain<IWorkGrain>("w"));
        await host.StartAsync();
        await host.StopAsync();
    }
}
