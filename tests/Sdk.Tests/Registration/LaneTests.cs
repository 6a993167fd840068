using Fairway.Core.Lanes;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.Registration;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Registration;

public sealed class LaneTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly MemoryRegistry _registry;

    public LaneTests() => _registry = new MemoryRegistry(time: _clock);

    [Fact]
    public async Task Register_LaneListed_RegistersAndDeclares()
    {
        await _registry.MakeLaneAsync("blue");
        await using var host = await StartAsync("blue");
        await InStateAsync(host, RegistrationState.Registered);

        Assert.Equal("blue", (await _registry.InstanceAsync())!.Lane);
        Assert.Equal(new LaneDeclaration("orders", "registration", "park"), await _registry.DeclarationAsync("blue"));
    }

    [Fact]
    public async Task Register_InALane_IsDeclaredBeforeItIsFound()
    {
        await _registry.MakeLaneAsync("blue");
        await using var host = await StartAsync("blue");
        await InStateAsync(host, RegistrationState.Registered);

        var declaration = (await _registry.GetAsync(RegistryKeys.Declaration("blue", "orders")))!.Value;
        var instance = (await _registry.GetAsync(RegistryKeys.Instance("orders", "orders-1")))!.Value;
        Assert.True(declaration.CreateRevision < instance.CreateRevision);
        Assert.True(declaration.ModRevision > instance.ModRevision); // and again: the last one may have left in between
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Register_LaneUnknownOrExpired_IsRefusedAndServes(bool expired)
    {
        if (expired)
        {
            await _registry.MakeLaneAsync("blue", _clock.GetUtcNow().AddSeconds(-61), ttlSeconds: 60);
        }

        await using var host = await StartAsync("blue");
        await InStateAsync(host, RegistrationState.Refused);

        Assert.Equal("LANE_UNKNOWN", host.Instance.ErrorCode);
        Assert.Contains("'blue'", host.Instance.Error, StringComparison.Ordinal);
        Assert.Null(await _registry.InstanceAsync());
        Assert.Null(await _registry.DeclarationAsync("blue"));
        Assert.Equal("ok", await host.Http.GetStringAsync(host.Address));
    }

    [Fact]
    public async Task Register_LaneMadeAfterRefusal_IsTriedAgain()
    {
        await using var host = await StartAsync("blue");
        await InStateAsync(host, RegistrationState.Refused);
        await _registry.MakeLaneAsync("blue");

        await AdvanceUntilAsync(() => Task.FromResult(host.Instance.State == RegistrationState.Registered));
        Assert.Null(host.Instance.ErrorCode);
    }

    [Fact]
    public async Task Register_OperatorDeclared_LeavesTheirs()
    {
        await _registry.MakeLaneAsync("blue");
        var theirs = new LaneDeclaration("orders", "operator", "base");
        await _registry.PutAsync(RegistryKeys.Declaration("blue", "orders"), LaneCodec.Encode(theirs));
        await using (var host = await StartAsync("blue"))
        {
            await InStateAsync(host, RegistrationState.Registered);
            Assert.Equal(theirs, await _registry.DeclarationAsync("blue"));
            await host.App.StopAsync();
        }

        Assert.Equal(theirs, await _registry.DeclarationAsync("blue"));
    }

    [Fact]
    public async Task Stop_LastInLane_TakesTheDeclarationBack()
    {
        await _registry.MakeLaneAsync("blue");
        await using var first = await StartAsync("blue", "orders-1");
        await using var second = await StartAsync("blue", "orders-2");
        await using var elsewhere = await StartAsync("", "orders-3");
        foreach (var host in new[] { first, second, elsewhere })
        {
            await InStateAsync(host, RegistrationState.Registered);
        }

        await first.App.StopAsync();
        Assert.NotNull(await _registry.DeclarationAsync("blue"));
        await second.App.StopAsync();
        Assert.Null(await _registry.DeclarationAsync("blue"));
        Assert.NotNull(await _registry.LaneAsync("blue"));
    }

    [Fact]
    public async Task Crash_LastInLane_LeavesTheDeclaration()
    {
        await _registry.MakeLaneAsync("blue");
        await using var host = await StartAsync("blue");
        await InStateAsync(host, RegistrationState.Registered);
        await _registry.RevokeAsync((await _registry.GetAsync(RegistryKeys.Instance("orders", "orders-1")))!.Value.Lease);

        Assert.Null(await _registry.InstanceAsync());
        Assert.NotNull(await _registry.DeclarationAsync("blue"));
    }

    [Fact]
    public async Task Register_LocalLane_IsMadeWithOwnerAndTimeToLive()
    {
        await using var host = await StartAsync("local-ann");
        await InStateAsync(host, RegistrationState.Registered);

        var lane = (await _registry.LaneAsync("local-ann"))!;
        Assert.Equal($"{Environment.UserName}@{Environment.MachineName}", lane.Owner);
        Assert.Equal(3600, lane.TtlSeconds);
        Assert.Equal(_clock.GetUtcNow(), lane.CreatedAt);
        Assert.NotNull(await _registry.DeclarationAsync("local-ann"));
    }

    [Fact]
    public async Task Register_LocalLane_IsRenewedWhileHere()
    {
        await using var host = await StartAsync("local-ann", ownLife: 60);
        await InStateAsync(host, RegistrationState.Registered);
        var made = (await _registry.LaneAsync("local-ann"))!;

        await AdvanceUntilAsync(async () => (await _registry.LaneAsync("local-ann"))!.ExpiresAt > made.ExpiresAt!.Value.AddSeconds(60));
    }

    [Fact]
    public async Task Register_LocalLaneOfAnother_KeepsItsOwner()
    {
        await _registry.MakeLaneAsync("local-ann", _clock.GetUtcNow().AddSeconds(-50), ttlSeconds: 60);
        await using var host = await StartAsync("local-ann");
        await InStateAsync(host, RegistrationState.Registered);

        Assert.Equal(new LaneRecord("local-ann", "ops", _clock.GetUtcNow(), 60), await _registry.LaneAsync("local-ann"));
    }

    public void Dispose() => _registry.Dispose();

    private Task<ServiceHost> StartAsync(string lane, string id = "orders-1", int ownLife = 3600) =>
        ServiceHost.StartAsync(
            _registry,
            options =>
            {
                options.Id = id;
                options.Lane = lane;
                options.LocalLaneSeconds = ownLife;
            },
            _clock);

    private static Task InStateAsync(ServiceHost host, RegistrationState state) =>
        Eventually.True(() => host.Instance.State == state);

    private Task AdvanceUntilAsync(Func<Task<bool>> condition) => Eventually.TrueAsync(async () =>
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        return await condition();
    });
}
