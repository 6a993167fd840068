namespace Fairway.LocalSilo.Tests;

public sealed class TimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Timer_DueThenPeriodic_TicksByTheClock()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<ITimerGrain>("t");
        await grain.Start(2 * Second, Second, false, true, null);

        host.Clock.Advance(Second);
        Assert.Equal(0, await grain.Ticks());
        host.Clock.Advance(Second);
        await host.Probe.Noted("tock 1");
        for (var tick = 2; tick <= 5; tick++)
        {
            await AdvanceUntil(host, grain, $"tock {tick}");
        }
    }

    [Fact]
    public async Task Timer_RegisteredByLabelledCall_TicksWithoutContext()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<ITimerGrain>("t");
        RequestContext.Set("label", "red");
        await grain.Start(Second, Timeout.InfiniteTimeSpan, false, true, null);
        RequestContext.Clear();

        host.Clock.Advance(Second);

        await host.Probe.Noted("tick 1 bare");
    }

    [Fact]
    public async Task Timer_DueWhileCallRuns_WaitsForItsTurnAndIsNotLost()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<ITimerGrain>("t");
        await grain.Start(Second, Timeout.InfiniteTimeSpan, false, true, null);
        var held = grain.Hold("gate");
        await host.Probe.Noted("begin gate");

        host.Clock.Advance(5 * Second);
        Assert.DoesNotContain("tick 1 bare", host.Probe.Events);
        host.Probe.Open("gate");
        await held;

        await host.Probe.Noted("tock 1");
    }

    [Fact]
    public async Task Timer_Interleaving_TicksBesideRunningCall()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<ITimerGrain>("t");
        await grain.Start(Second, Timeout.InfiniteTimeSpan, true, true, null);
        var held = grain.Hold("gate");
        await host.Probe.Noted("begin gate");

        host.Clock.Advance(Second);
        await host.Probe.Noted("tock 1");

        Assert.False(held.IsCompleted);
        host.Probe.Open("gate");
        await held;
    }

    [Fact]
    public async Task Timer_TickStillRunning_NextIsDueAPeriodAfterItsEnd()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<ITimerGrain>("t");
        await grain.Start(Second, Second, true, true, "gate");

        host.Clock.Advance(Second);
        await host.Probe.Noted("tick 1 bare");
        host.Clock.Advance(10 * Second);
        Assert.Equal(1, await AskBeside(grain, host));
        host.Probe.Open("gate");
        await host.Probe.Noted("tock 1");

        await AdvanceUntil(host, grain, "tick 2 bare");
    }

    [Fact]
    public async Task Timer_TickThrows_GoesOn()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<ITimerGrain>("t");
        await grain.StartFailing(Second);

        await AdvanceUntil(host, grain, "tick 1");
        await AdvanceUntil(host, grain, "tick 2");
        Assert.True(await grain.Ticks() >= 2);
    }

    [Fact]
    public async Task Change_OfTimer_TakesEffect()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<ITimerGrain>("t");
        await grain.Start(Second, Timeout.InfiniteTimeSpan, false, true, null);
        await grain.Change(3 * Second, Timeout.InfiniteTimeSpan);

        host.Clock.Advance(2 * Second);
        Assert.Equal(0, await grain.Ticks());
        host.Clock.Advance(Second);
        await host.Probe.Noted("tock 1");
    }

    [Fact]
    public async Task Dispose_OfTimer_EndsTicks()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<ITimerGrain>("t");
        await grain.Start(Second, Second, false, true, null);
        await grain.Stop();

        host.Clock.Advance(5 * Second);

        Assert.Equal(0, await grain.Ticks());
    }

    [Fact]
    public async Task Timer_KeepAlive_KeepsActivationFromCollection()
    {
        await using var host = await TestHost.StartAsync();
        await host.Grains.GetGrain<ITimerGrain>("t").Start(Second, Second, false, true, null);

        for (var tick = 1; tick <= 30; tick++)
        {
            await Probe.Until(() =>
            {
                var done = host.Probe.Events.Contains($"tock {tick}");
                if (!done && host.Clock.PendingTimers > 2)
                {
                    host.Clock.Advance(Second); // only while it is armed beside the two of the silo
                }

                return done;
            });
        }

        Assert.DoesNotContain("off", host.Probe.Events);
    }

    [Fact]
    public async Task Timer_NotKeepAlive_LetsActivationBeCollected()
    {
        await using var host = await TestHost.StartAsync();
        await host.Grains.GetGrain<ITimerGrain>("t").Start(Second, Second, false, false, null);

        await Probe.Until(() =>
        {
            host.Clock.Advance(Second);
            return host.Probe.Events.Contains("off");
        });
    }

    /// <summary>Moves time in small steps; each call in between waits for the tick before it, and is use of the grain.</summary>
    private static async Task AdvanceUntil(TestHost host, ITimerGrain grain, string noted)
    {
        for (var step = 0; !host.Probe.Events.Contains(noted); step++)
        {
            Assert.True(step < 1000, $"no '{noted}'");
            host.Clock.Advance(TimeSpan.FromMilliseconds(500));
            await grain.Ticks();
        }
    }

    private static async Task<int> AskBeside(ITimerGrain grain, TestHost host)
    {
        var ticks = await grain.Ticks();
        Assert.DoesNotContain("tock 1", host.Probe.Events);
        return ticks;
    }
}
