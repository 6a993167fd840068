namespace Fairway.LocalSilo.Tests;

public sealed class HandOnTests
{
    [Fact]
    public async Task Call_HandedOnTooOften_IsRejected()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");
        var ending = grain.EndThenWork("gate");
        await host.Probe.Noted("begin gate");
        var queued = Enumerable.Range(0, 6).Select(_ => grain.End()).ToArray();
        host.Probe.Open("gate");
        await ending;

        // Two activations take one call each; what is left has then been handed on twice.
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => Task.WhenAll(queued));
        Assert.Equal(2, queued.Count(call => call.IsCompletedSuccessfully));
        Assert.NotEqual(Guid.Empty, await grain.Activation());
    }

    [Fact]
    public async Task Call_StateInUnknownStorage_FailsWithItsName()
    {
        await using var host = await TestHost.StartAsync();

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => host.Grains.GetGrain<IHomelessGrain>("h").Touch());
        var cause = Assert.IsType<Orleans.Storage.BadProviderConfigException>(thrown.GetBaseException());
        Assert.Contains("nowhere", cause.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_AfterStop_IsRejected()
    {
        var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IWorkGrain>("w");
        await host.DisposeAsync();

        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.Activation());
    }
}
