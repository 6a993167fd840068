using Orleans.Configuration;

namespace Fairway.LocalSilo.Tests;

public sealed class CallTests
{
    [Fact]
    public async Task Call_MethodThrows_CallerGetsTypeAndMessage()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IFailingGrain>("f");

        var thrown = await Assert.ThrowsAsync<RefusedException>(() => grain.Refuse("no"));
        Assert.Equal("no", thrown.Message);
        Assert.Contains(nameof(FailingGrain.Refuse), thrown.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_MethodThrowsBeforeItsFirstAwait_TaskCarriesIt()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IFailingGrain>("f");

        await Assert.ThrowsAsync<ArgumentException>(() => grain.ThrowAtOnce());
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await grain.ThrowValue());
        Assert.Equal(1, await grain.One());
    }

    [Fact]
    public async Task Cancel_QueuedCall_CallerKnowsAtOnceAndItNeverRunsOnceTheGrainKnows()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");
        var held = grain.Work("held");
        await host.Probe.Noted("begin held");
        using var source = new CancellationTokenSource();
        var queued = grain.CancellableWork("queued", source.Token);
        using var later = new CancellationTokenSource();
        var aside = grain.CancellableAsideWork("aside", later.Token);
        await host.Probe.Noted("begin aside");

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.False(held.IsCompleted);
        await later.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => aside);
        await host.Probe.Noted("cancelled aside"); // by now the grain knows of the one cancelled before, too
        host.Probe.Open("held");
        host.Probe.Open("queued");
        await held;
        await grain.Add(0);

        Assert.DoesNotContain("begin queued", host.Probe.Events);
    }

    [Fact]
    public async Task Cancel_RunningCall_CallerKnowsAtOnceAndMethodSeesIt()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");
        using var source = new CancellationTokenSource();
        var call = grain.CancellableWork("run", source.Token);
        await host.Probe.Noted("begin run");

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(TimeSpan.FromSeconds(10)));

        await host.Probe.Noted("cancelled run");
        await grain.Add(0);
    }

    [Fact]
    public async Task Call_WithCancelledToken_IsNotMade()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await grain.CancellableWork("never", new CancellationToken(true)));
        await grain.Add(0);

        Assert.DoesNotContain("begin never", host.Probe.Events);
    }

    [Fact]
    public async Task Call_NotAnsweredInTime_MethodGoesOn()
    {
        await using var host = await TestHost.StartAsync(Engine.ShortenWaits);
        var call = host.Grains.GetGrain<IWorkGrain>("w").CancellableWork("slow", default);
        await host.Probe.Noted("begin slow");

        await host.PassTimeUntilEnded(call);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
        host.Probe.Open("slow");
        await host.Probe.Noted("end slow");
        Assert.DoesNotContain("cancelled slow", host.Probe.Events);
    }

    [Fact]
    public async Task Call_NotAnsweredInTimeAndSoConfigured_TokenOfMethodIsCancelled()
    {
        await using var host = await TestHost.StartAsync(silo =>
        {
            Engine.ShortenWaits(silo);
            silo.Configure<SiloMessagingOptions>(options => options.CancelRequestOnTimeout = true);
        });
        var call = host.Grains.GetGrain<IWorkGrain>("w").CancellableWork("slow", default);
        await host.Probe.Noted("begin slow");

        await host.PassTimeUntilEnded(call);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
        await host.Probe.Noted("cancelled slow");
    }

    [Fact]
    public async Task Call_WithResponseTimeoutOfItsOwn_EndsByThat()
    {
        await using var host = await TestHost.StartAsync();
        var call = host.Grains.GetGrain<IFailingGrain>("f").Impatient("gate");
        await host.Probe.Noted("impatient");

        await host.PassTimeUntilEnded(call);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
        host.Probe.Open("gate");
    }

    [Fact]
    public async Task GetGrain_InterfaceWithoutClass_Throws()
    {
        await using var host = await TestHost.StartAsync();

        Assert.Throws<ArgumentException>(() => host.Grains.GetGrain<INobodysGrain>("n"));
    }

    [Fact]
    public async Task GetGrain_SeveralClasses_TakesTheOneOfThePrefix()
    {
        await using var host = await TestHost.StartAsync();

        Assert.Throws<ArgumentException>(() => host.Grains.GetGrain<IShapeGrain>("s"));
        Assert.Equal("round", await host.Grains.GetGrain<IShapeGrain>("s", typeof(RoundGrain).FullName).Shape());
        Assert.Equal("square", await host.Grains.GetGrain<IShapeGrain>("s", typeof(SquareGrain).FullName).Shape());
    }

    [Fact]
    public async Task Reference_OfGrain_IsEqualByIdentityAndKnowsIt()
    {
        await using var host = await TestHost.StartAsync();
        var one = host.Grains.GetGrain<IFailingGrain>("x");

        Assert.Equal(one, host.Grains.GetGrain<IFailingGrain>("x"));
        Assert.NotEqual(one, host.Grains.GetGrain<IFailingGrain>("y"));
        Assert.Equal("x", one.GetPrimaryKeyString());
        Assert.Equal("failing/x", one.GetGrainId().ToString());
        Assert.Equal(1, await host.Grains.GetGrain<IFailingGrain>(GrainId.Parse("failing/x")).One());
    }

    [Fact]
    public async Task Grain_BehindTaskRun_IsOutsideItsTurns()
    {
        await using var host = await TestHost.StartAsync();

        Assert.Equal("inside, outside, inside", await host.Grains.GetGrain<IFailingGrain>("f").WhereAmI());
    }
}
