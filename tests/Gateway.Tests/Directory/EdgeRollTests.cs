using System.Diagnostics.Metrics;
using Fairway.Core.Directory;
using Fairway.Gateway.Directory;
using Fairway.Registry;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Gateway.Tests.Directory;

public sealed class EdgeRollTests : IAsyncLifetime
{
    private static readonly Member One = new("one", "10.0.0.1:80", "0.1.0");
    private readonly ManualClock _clock = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private MemoryRegistry _registry = null!;
    private EdgeRoll _roll = null!;

    public async Task InitializeAsync()
    {
        _registry = new MemoryRegistry(); // its leases run by another clock: what leaves is what the roll lets go
        _roll = New();
        await _roll.StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _roll.StopAsync(CancellationToken.None);
        _roll.Dispose();
        _registry.Dispose();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Enter_WhileItReads_IsInTheRegistryUnderALease()
    {
        using var reading = _roll.Enter(One);
        await UntilAsync("one");

        await PassAsync(30);

        var entry = Assert.Single((await _registry.ListAsync(RegistryKeys.Edges)).Entries);
        Assert.NotEqual(0, entry.Lease);
        Assert.True(OperatorCodec.TryDecodeMember("one", entry.Value.Span, out var member));
        Assert.Equal(One, member);
    }

    [Fact]
    public async Task Enter_BetweenTwoReads_StaysAndThenLeaves()
    {
        _roll.Enter(One)!.Dispose();
        await UntilAsync("one");
        await PassAsync(8);
        _roll.Enter(One)!.Dispose();
        await PassAsync(8);

        Assert.Equal(1, _roll.Count);

        await UntilGoneAsync();

        await UntilAsync();
    }

    [Fact]
    public async Task Enter_TwoReadsAtOnce_StaysUntilBothEnded()
    {
        var first = _roll.Enter(One)!;
        using var second = _roll.Enter(One);
        await UntilAsync("one");
        first.Dispose();

        await PassAsync(30);

        Assert.Equal(1, _roll.Count);
    }

    [Fact]
    public async Task Enter_AtAnotherAddress_IsEnteredAnew()
    {
        using var before = _roll.Enter(One);
        await UntilAsync("one");

        using var after = _roll.Enter(One with { Address = "10.0.0.2:80" });

        await Eventually.TrueAsync(async () =>
            OperatorCodec.TryDecodeMember("one", (await _registry.ListAsync(RegistryKeys.Edges)).Entries.Single().Value.Span, out var member)
            && member.Address == "10.0.0.2:80");
    }

    [Fact]
    public async Task Enter_GoesOverToAnotherGateway_IsNotTakenAwayByTheFirst()
    {
        using var other = New();
        await other.StartAsync(CancellationToken.None);
        _roll.Enter(One)!.Dispose();
        await UntilAsync("one");

        using var reading = other.Enter(One);
        await Eventually.TrueAsync(async () => (await _registry.ListAsync(RegistryKeys.Edges)).Entries.Single().Version > 1);
        await UntilGoneAsync();

        await UntilAsync("one");
        await other.StopAsync(CancellationToken.None);
        await UntilAsync();
    }

    [Fact]
    public async Task Stop_WithEdges_TakesThemAway()
    {
        using var reading = _roll.Enter(One);
        await UntilAsync("one");

        await _roll.StopAsync(CancellationToken.None);

        Assert.Empty((await _registry.ListAsync(RegistryKeys.Edges)).Entries);
        Assert.Null(_roll.Enter(One));
    }

    [Fact]
    public void Enter_BeyondTheMost_IsNotEntered()
    {
        for (var i = 0; i < EdgeRoll.Most; i++)
        {
            Assert.NotNull(_roll.Enter(One with { Id = $"edge-{i}" }));
        }

        Assert.Null(_roll.Enter(One));
        Assert.NotNull(_roll.Enter(One with { Id = "edge-7" }));
        Assert.Equal(EdgeRoll.Most, _roll.Count);
    }

    private EdgeRoll New() => new(_registry, new RegistryMetrics(_services.GetRequiredService<IMeterFactory>()), _clock, NullLogger<EdgeRoll>.Instance);

    private Task UntilAsync(params string[] ids) => Eventually.TrueAsync(async () =>
        (await _registry.ListAsync(RegistryKeys.Edges)).Entries.Select(entry => entry.Key[RegistryKeys.Edges.Length..]).SequenceEqual(ids));

    /// <summary>Lets seconds pass one by one, each only when the roll waits for it.</summary>
    private async Task PassAsync(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            await Eventually.True(() => _clock.PendingTimers >= 1);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private Task UntilGoneAsync() => Eventually.True(() =>
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        return _roll.Count == 0;
    });
}
