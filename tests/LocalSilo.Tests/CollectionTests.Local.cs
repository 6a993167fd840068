namespace Fairway.LocalSilo.Tests;

/// <summary>Collection on the injected clock; the real engine measures idleness with a stopwatch of its own.</summary>
public sealed class CollectionTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Collection_IdleForItsAge_EndsActivation()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");
        await grain.Add(1);

        host.Clock.Advance(9 * Second);
        Assert.Equal(1, await grain.Add(0));
        host.Clock.Advance(9 * Second);
        Assert.DoesNotContain("w off ActivationIdle", host.Probe.Events);

        host.Clock.Advance(3 * Second);
        await host.Probe.Noted("w off ActivationIdle");
        Assert.Equal(0, await grain.Add(0));
    }

    [Fact]
    public async Task Collection_WhileCallRuns_Waits()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");
        var held = grain.Work("gate");
        await host.Probe.Noted("begin gate");

        host.Clock.Advance(20 * Second);
        host.Probe.Open("gate");
        await held;

        Assert.DoesNotContain("w off ActivationIdle", host.Probe.Events);
    }

    [Fact]
    public async Task DelayDeactivation_LongerThanAge_KeepsActivation()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");
        await grain.Linger(60 * Second);

        host.Clock.Advance(50 * Second);
        Assert.DoesNotContain("w off ActivationIdle", host.Probe.Events);
        host.Clock.Advance(15 * Second);
        await host.Probe.Noted("w off ActivationIdle");
    }

    [Fact]
    public async Task Collection_KeepAliveClass_IsNeverCollected()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IStayingGrain>("s");
        await grain.Touch();

        host.Clock.Advance(TimeSpan.FromDays(1));
        await grain.Touch();

        Assert.Equal(["s on"], host.Probe.Events);
    }
}
