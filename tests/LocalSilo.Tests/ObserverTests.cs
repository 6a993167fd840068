using System.Runtime.CompilerServices;

namespace Fairway.LocalSilo.Tests;

public sealed class ObserverTests
{
    [Fact]
    public async Task Push_ToObserver_ArrivesInOrder()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IPublisherGrain>("p");
        var listener = new Listener(host.Probe);
        await grain.Subscribe(host.Grains.CreateObjectReference<IListener>(listener));

        for (var i = 0; i < 20; i++)
        {
            await grain.Publish(i.ToString());
        }

        await host.Probe.Noted("heard 19");
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"heard {i}"), host.Probe.Events);
        GC.KeepAlive(listener);
    }

    [Fact]
    public async Task Ask_Observer_Answers()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IPublisherGrain>("p");
        var listener = new Listener(host.Probe);
        await grain.Subscribe(host.Grains.CreateObjectReference<IListener>(listener));

        Assert.Equal(42, await grain.Ask(41));
        GC.KeepAlive(listener);
    }

    [Fact]
    public async Task Subscribe_SameReferenceTwice_IsOne()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IPublisherGrain>("p");
        var listener = new Listener(host.Probe);
        var reference = host.Grains.CreateObjectReference<IListener>(listener);
        await grain.Subscribe(reference);
        await grain.Subscribe(reference);

        Assert.Equal(2, await grain.Ask(1));
        GC.KeepAlive(listener);
    }

    [Fact]
    public async Task Delete_ByReference_NothingArrivesAndAskTimesOut()
    {
        await using var host = await TestHost.StartAsync(Engine.ShortenWaits);
        var grain = host.Grains.GetGrain<IPublisherGrain>("p");
        var listener = new Listener(host.Probe);
        var reference = host.Grains.CreateObjectReference<IListener>(listener);
        await grain.Subscribe(reference);
        Assert.Equal(2, await grain.Ask(1));

        host.Grains.DeleteObjectReference<IListener>(reference);
        await grain.Publish("lost");
        var question = grain.Ask(1);
        await host.PassTimeUntilEnded(question);

        await Assert.ThrowsAsync<TimeoutException>(() => question);
        Assert.DoesNotContain("heard lost", host.Probe.Events);
        Assert.Throws<ArgumentException>(() => host.Grains.DeleteObjectReference<IListener>(reference));
        GC.KeepAlive(listener);
    }

    [Fact]
    public async Task Observer_NobodyKeepsAlive_IsGone()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IPublisherGrain>("p");
        var target = await SubscribeAndForget(host, grain);

        await Probe.Until(() =>
        {
            GC.Collect();
            return !target.IsAlive;
        });
        await grain.Publish("lost");
        await grain.Publish("lost");

        Assert.DoesNotContain("heard lost", host.Probe.Events);
    }

    [Fact]
    public async Task CreateReference_WithinGrain_Throws()
    {
        await using var host = await TestHost.StartAsync();

        Assert.False(await host.Grains.GetGrain<IPublisherGrain>("p").MakeReferenceInside());
    }

    [Fact]
    public async Task CreateReference_OfReference_Throws()
    {
        await using var host = await TestHost.StartAsync();
        var listener = new Listener(host.Probe);
        var reference = host.Grains.CreateObjectReference<IListener>(listener);

        Assert.Throws<ArgumentException>(() => host.Grains.CreateObjectReference<IListener>(reference));
        Assert.Throws<ArgumentException>(() => host.Grains.DeleteObjectReference<IListener>(listener));
    }

    [Fact]
    public async Task Subscribe_ObjectItself_Throws()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<IPublisherGrain>("p");

        await Assert.ThrowsAnyAsync<Exception>(async () => await grain.Subscribe(new Listener(host.Probe)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> SubscribeAndForget(TestHost host, IPublisherGrain grain)
    {
        var (reference, target) = Make(host);
        await grain.Subscribe(reference);
        return target;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (IListener Reference, WeakReference Target) Make(TestHost host)
    {
        var listener = new Listener(host.Probe);
        return (host.Grains.CreateObjectReference<IListener>(listener), new WeakReference(listener));
    }
}
