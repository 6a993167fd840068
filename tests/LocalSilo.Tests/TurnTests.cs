namespace Fairway.LocalSilo.Tests;

public sealed class TurnTests
{
    [Fact]
    public async Task Call_SameKeyFromManyCallers_OneActivation()
    {
        await using var host = await TestHost.StartAsync();

        var seen = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => host.Grains.GetGrain<IWorkGrain>("one").Activation())));

        Assert.Single(seen.Distinct());
        Assert.Single(host.Probe.Events, "one on");
    }

    [Fact]
    public async Task Call_OtherKey_OtherActivation()
    {
        await using var host = await TestHost.StartAsync();

        Assert.NotEqual(await host.Grains.GetGrain<IWorkGrain>("a").Activation(), await host.Grains.GetGrain<IWorkGrain>("b").Activation());
    }

    [Fact]
    public async Task Call_ManyAtOnceWithYields_NeverInterleave()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("sum");

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => grain.YieldAdd(10))));

        Assert.Equal(1000, await grain.Add(0));
    }

    [Fact]
    public async Task Call_WhileAnotherWaits_QueuesInOrder()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("queue");

        var calls = new List<Task> { grain.Work("1") };
        await host.Probe.Noted("begin 1");
        calls.Add(grain.Work("2"));
        calls.Add(grain.Work("3"));
        Array.ForEach<string>(["3", "2", "1"], host.Probe.Open);
        await Task.WhenAll(calls);

        Assert.Equal(["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"], host.Probe.Events.Skip(1));
    }

    [Fact]
    public async Task Call_TheNextTurnKeepsItsThread_ItsAnswerIsGivenBefore()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("answers");

        var first = grain.Work("first");
        await host.Probe.Noted("begin first");
        var added = grain.Add(1).AsTask();
        var held = grain.Hold("held");
        host.Probe.Open("first");

        await first;
        Assert.Equal(1, await added.WaitAsync(TimeSpan.FromSeconds(20)));
        host.Probe.Open("held");
        await held;
    }

    [Fact]
    public async Task Call_WhoGoesOnAfterItKeepsItsThread_TheGrainIsFree()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("free");
        using var release = new ManualResetEventSlim();

        var keeping = Task.Run(async () =>
        {
            await grain.Add(1);
            Assert.Same(TaskScheduler.Default, TaskScheduler.Current);
            host.Probe.Note("goes on");
            release.Wait();
        });
        await host.Probe.Noted("goes on");

        Assert.Equal(3, await grain.Add(2).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        release.Set();
        await keeping;
    }

    [Fact]
    public async Task Call_AlwaysInterleave_RunsBesideAnother()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("aside");

        var held = grain.Work("held");
        await host.Probe.Noted("begin held");
        host.Probe.Open("aside");
        await grain.AsideWork("aside");

        Assert.False(held.IsCompleted);
        host.Probe.Open("held");
        await held;
    }

    [Fact]
    public async Task Call_ReadOnlyBesideReadOnly_Overlaps()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("readers");

        var one = grain.ReadWork("r1");
        var two = grain.ReadWork("r2");
        await host.Probe.Noted("begin r1");
        await host.Probe.Noted("begin r2");

        host.Probe.Open("r1");
        host.Probe.Open("r2");
        await Task.WhenAll(one, two);
    }

    [Fact]
    public async Task Call_ReadOnlyBesideWriter_Waits()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("mixed");

        var writer = grain.Work("w");
        await host.Probe.Noted("begin w");
        var reader = grain.ReadWork("r");
        host.Probe.Open("r");
        host.Probe.Open("w");
        await Task.WhenAll(writer, reader);

        Assert.Equal(["begin w", "end w", "begin r", "end r"], host.Probe.Events.Skip(1));
    }

    [Fact]
    public async Task Call_ReentrantClass_Overlaps()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IReentrantGrain>("re");

        var one = grain.Work("1");
        var two = grain.Work("2");
        await host.Probe.Noted("begin 1");
        await host.Probe.Noted("begin 2");

        host.Probe.Open("1");
        host.Probe.Open("2");
        await Task.WhenAll(one, two);
    }

    [Fact]
    public async Task Call_OneWay_ReturnsBeforeItRan()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("post");

        await grain.Post("p");
        await host.Probe.Noted("begin p");

        Assert.DoesNotContain("end p", host.Probe.Events);
        host.Probe.Open("p");
        await host.Probe.Noted("end p");
    }
}
