using System.Collections.Immutable;
using Fairway.Core.Releases;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.Registration;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Registration;

public sealed class PromotionTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly MemoryRegistry _registry;

    public PromotionTests() => _registry = new MemoryRegistry(time: _clock);

    public void Dispose() => _registry.Dispose();

    [Fact]
    public async Task Registered_LanePromoted_BecomesBaseAndStaysSo()
    {
        await _registry.MakeLaneAsync("orders-2");
        await using var host = await StartAsync();
        await Eventually.True(() => host.Instance.State == RegistrationState.Registered);
        Assert.Equal("orders-2", (await _registry.InstanceAsync())!.Lane);

        await PutAsync(ReleasePhase.Promoting, "orders-2");
        await _registry.DeleteAsync(RegistryKeys.Declaration("orders-2", "orders"));

        await Eventually.TrueAsync(async () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return (await _registry.InstanceAsync())?.Lane == "";
        });
        Assert.Equal("", host.Instance.Record!.Lane);
        Assert.Null(await _registry.DeclarationAsync("orders-2"));
    }

    [Theory]
    [InlineData(ReleasePhase.Done, "orders-2")]
    [InlineData(ReleasePhase.Ramping, "orders-3")] // a later release; the earlier one's lane is remembered
    public async Task Start_LanePromotedEarlier_RegistersAsBase(ReleasePhase phase, string lane)
    {
        await PutAsync(phase, lane, "orders-2");
        await using var host = await StartAsync();

        await Eventually.True(() => host.Instance.State == RegistrationState.Registered);

        Assert.Equal("", (await _registry.InstanceAsync())!.Lane);
    }

    [Fact]
    public async Task Start_LaneOfAReleaseThatRuns_RegistersInIt()
    {
        await _registry.MakeLaneAsync("orders-2");
        await PutAsync(ReleasePhase.Starting, "orders-2");
        await using var host = await StartAsync();

        await Eventually.True(() => host.Instance.State == RegistrationState.Registered);

        Assert.Equal("orders-2", (await _registry.InstanceAsync())!.Lane);
        await Eventually.TrueAsync(async () => await _registry.DeclarationAsync("orders-2") is not null);
    }

    private Task<ServiceHost> StartAsync() => ServiceHost.StartAsync(_registry, options => options.Lane = "orders-2", _clock);

    private Task<long> PutAsync(ReleasePhase phase, string lane, params ImmutableArray<string> promoted) => _registry.PutAsync(
        RegistryKeys.Release("orders"),
        ReleaseCodec.Encode(new ReleaseRecord(
            new ReleaseState
            {
                Plan = new ReleasePlan { Service = "orders", Version = "2", Lane = lane },
                Phase = phase,
                Old = [],
                Leaving = [],
                Since = _clock.GetUtcNow(),
                StartedAt = _clock.GetUtcNow(),
            },
            "gateway", "ann", "v2", promoted)));
}
