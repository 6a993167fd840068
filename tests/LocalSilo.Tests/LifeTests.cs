namespace Fairway.LocalSilo.Tests;

public sealed class LifeTests
{
    [Fact]
    public async Task DeactivateOnIdle_WithQueuedCalls_SendsThemToOneNewActivation()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");
        var first = await grain.Activation();

        var ending = grain.EndThenWork("gate");
        await host.Probe.Noted("begin gate");
        var queued = Enumerable.Range(0, 10).Select(_ => grain.Activation()).ToArray();
        host.Probe.Open("gate");
        await ending;
        var second = Assert.Single((await Task.WhenAll(queued)).Distinct());

        Assert.NotEqual(first, second);
        Assert.Equal(["w on", "begin gate", "end gate", "w off ApplicationRequested", "w on"], host.Probe.Events);
    }

    [Fact]
    public async Task DeactivateOnIdle_ThenCall_MakesNewActivation()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");
        var first = await grain.Activation();

        await grain.End();

        Assert.NotEqual(first, await grain.Activation());
    }

    [Fact]
    public async Task Activation_Fails_CallersGetItAndNextCallTriesAgain()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IFragileGrain>("f");

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => grain.Touch());
        Assert.Equal("not yet", thrown.Message);
        host.Probe.Note("may activate");

        await grain.Touch();
        Assert.DoesNotContain("off", host.Probe.Events);
    }

    [Fact]
    public async Task Stop_OfHost_EndsActivations()
    {
        var host = await TestHost.StartAsync();
        await host.Grains.GetGrain<IWorkGrain>("w").Add(1);
        var probe = host.Probe;

        await host.DisposeAsync();

        Assert.Contains("w off ShuttingDown", probe.Events);
    }

    [Fact]
    public async Task StartupTasks_AtStart_RunInOrderOfStageAndMayCallGrains()
    {
        await using var host = await TestHost.StartAsync(silo => silo
            .AddStartupTask((services, _) => Note(services, "late"), 30000)
            .AddStartupTask(async (services, _) =>
            {
                await ((IGrainFactory)services.GetService(typeof(IGrainFactory))!).GetGrain<IWorkGrain>("early").Add(1);
                await Note(services, "early");
            }));

        Assert.Equal(["early on", "early", "late"], host.Probe.Events);
    }

    private static Task Note(IServiceProvider services, string what)
    {
        ((Probe)services.GetService(typeof(Probe))!).Note(what);
        return Task.CompletedTask;
    }
}
