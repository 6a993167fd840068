using Fairway.Core.Lanes;
using Fairway.Registry;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.Lanes;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Sdk.Tests.Lanes;

public sealed class LaneTablesTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private readonly MemoryRegistry _registry;
    private readonly Outage _outage;
    private readonly LaneTables _tables;

    public LaneTablesTests()
    {
        _registry = new MemoryRegistry(time: _clock);
        _outage = new Outage(_registry);
        _tables = new LaneTables(_outage, _clock, NullLogger<RegistryWatcher>.Instance);
    }

    public async Task InitializeAsync()
    {
        await PutLaneAsync("blue", null);
        await _registry.PutAsync(RegistryKeys.Declaration("blue", "orders"), LaneCodec.Encode(new LaneDeclaration("orders", "operator", "base")));
        await _tables.StartAsync(CancellationToken.None);
        await Eventually.True(() => _tables.Current.Declares("blue", "orders"));
    }

    public async Task DisposeAsync()
    {
        await _tables.StopAsync(CancellationToken.None);
        _tables.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Current_Changes_AreFollowedUnderNewVersions()
    {
        var version = _tables.Current.Version;
        await _registry.PutAsync(RegistryKeys.Declaration("blue", "payments"), LaneCodec.Encode(new LaneDeclaration("payments", "registration", "park")));
        await Eventually.True(() => _tables.Current.Declares("blue", "payments"));
        Assert.NotEqual(version, _tables.Current.Version);
        Assert.True(_tables.Current.TryGetDeclaration("blue", "orders", out var declaration));
        Assert.Equal("base", declaration.OnConsumerDown);

        await _registry.DeleteAsync(RegistryKeys.Lane("blue"));
        await Eventually.True(() => !_tables.Current.Knows("blue"));
        Assert.False(_tables.Current.Declares("blue", "orders"));
    }

    [Fact]
    public async Task Current_LaneWithTimeToLive_EndsByTheClock()
    {
        await PutLaneAsync("short", 10);
        await Eventually.True(() => _tables.Current.Knows("short"));
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.False(_tables.Current.Knows("short"));
        Assert.True(_tables.Current.Knows("blue"));
    }

    [Fact]
    public void Current_RegistryAwayHalfAMinute_LastDeclarationsHold()
    {
        _outage.Away = true;
        for (var second = 0; second < 30; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True(_tables.Current.Declares("blue", "orders"));
        }
    }

    private Task<long> PutLaneAsync(string lane, int? seconds) =>
        _registry.PutAsync(RegistryKeys.Lane(lane), LaneCodec.Encode(new LaneRecord(lane, "ops", _clock.GetUtcNow(), seconds)));
}
