namespace Fairway.LocalSilo.Tests;

public sealed class ChainTests
{
    [Fact]
    public async Task Call_BackIntoWaitingCaller_TimesOut()
    {
        await using var host = await TestHost.StartAsync(Engine.ShortenWaits);
        var (a, b) = Two(host);

        var call = a.There(b);
        await host.Probe.Noted("back");
        host.Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(call.IsCompleted);
        await host.PassTimeUntilEnded(call);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
    }

    [Fact]
    public async Task Call_AfterTimeOutOfCycle_IsAnsweredAgain()
    {
        await using var host = await TestHost.StartAsync(Engine.ShortenWaits);
        var (a, b) = Two(host);
        var call = a.There(b);
        await host.Probe.Noted("back");
        await host.PassTimeUntilEnded(call);
        await Assert.ThrowsAsync<TimeoutException>(() => call);
        await host.PassTimeUntilEnded(host.Probe.Noted("unwound a")); // what it waited for may time out a little later

        Assert.Equal("a", await a.Name());
    }

    [Fact]
    public async Task Call_BackWithinAllowedChain_IsAnswered()
    {
        await using var host = await TestHost.StartAsync();
        var (a, b) = Two(host);

        Assert.Equal("a by b", await a.ThereAllowing(b));
    }

    [Fact]
    public async Task Call_BackWithinSuppressedChain_TimesOut()
    {
        await using var host = await TestHost.StartAsync(Engine.ShortenWaits);
        var (a, b) = Two(host);

        var call = a.ThereSuppressing(b);
        await host.Probe.Noted("back");
        await host.PassTimeUntilEnded(call);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
    }

    [Fact]
    public async Task RequestContext_SetByGrain_FlowsDownAndNeverUp()
    {
        await using var host = await TestHost.StartAsync();
        var (a, b) = Two(host);

        Assert.Equal("red, then red", await a.SetThenAsk(b, "red"));
        Assert.Null(RequestContext.Get("label"));
    }

    [Fact]
    public async Task RequestContext_SetByClient_FlowsDownAndNeverUp()
    {
        await using var host = await TestHost.StartAsync();
        var (a, _) = Two(host);

        RequestContext.Set("label", "green");
        Assert.Equal("green", await a.Label());
        await a.SetLabel("other");
        Assert.Equal("green", RequestContext.Get("label"));

        RequestContext.Clear();
        Assert.Null(await a.Label());
    }

    [Fact]
    public async Task RequestContext_OfInterleavedCalls_StaysApart()
    {
        await using var host = await TestHost.StartAsync();
        var (a, _) = Two(host);

        RequestContext.Set("label", "one");
        var one = a.HeldLabel("gate");
        RequestContext.Set("label", "two");
        var two = a.HeldLabel("gate");
        RequestContext.Clear();
        var none = a.HeldLabel("gate");
        host.Probe.Open("gate");

        Assert.Equal(new[] { "one", "two", null }, await Task.WhenAll(one, two, none));
    }

    [Fact]
    public async Task Result_GrainItself_ComesAsReference()
    {
        await using var host = await TestHost.StartAsync();
        var (a, _) = Two(host);

        var self = await a.Self();

        Assert.IsAssignableFrom<GrainReference>(self);
        Assert.Equal(a, self);
        Assert.Equal("a", self.GetPrimaryKeyString());
    }

    private static (IChainGrain A, IChainGrain B) Two(TestHost host) =>
        (host.Grains.GetGrain<IChainGrain>("a"), host.Grains.GetGrain<IChainGrain>("b"));
}
