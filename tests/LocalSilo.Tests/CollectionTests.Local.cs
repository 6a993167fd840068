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

    /// <summary>The table of activations moves to a smaller one on the way.</summary>
    [Fact]
    public async Task Collection_OfThousands_LeavesTheOnesInUseAsTheyAre()
    {
        await using var host = await TestHost.StartAsync();
        var kept = Enumerable.Range(0, 100).Select(number => host.Grains.GetGrain<IWorkGrain>($"kept-{number}")).ToArray();
        foreach (var grain in kept)
        {
            Assert.Equal(1, await grain.Add(1));
        }

        for (var number = 0; number < 3000; number++)
        {
            await host.Grains.GetGrain<IWorkGrain>($"burst-{number}").Add(1);
        }

        host.Clock.Advance(9 * Second);
        foreach (var grain in kept)
        {
            await grain.Add(1);
        }

        host.Clock.Advance(3 * Second);
        await Probe.Until(() => host.Probe.Events.Count(note => note.EndsWith("off ActivationIdle", StringComparison.Ordinal)) == 3000);

        foreach (var grain in kept)
        {
            Assert.Equal(3, await grain.Add(1));
        }

        Assert.Equal(1, await host.Grains.GetGrain<IWorkGrain>("burst-0").Add(1));
    }
}
