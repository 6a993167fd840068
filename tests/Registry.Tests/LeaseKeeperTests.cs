using System.Text;
using Fairway.Registry.Memory;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Registry.Tests;

public sealed class LeaseKeeperTests : IAsyncDisposable
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(9);

    private readonly ManualClock _clock = new();
    private readonly ManualClock _registryClock = new();
    private readonly MemoryRegistry _memory;
    private readonly FaultyRegistry _registry;
    private readonly LeaseKeeper _keeper;
    private int _lost;
    private int _regained;

    public LeaseKeeperTests()
    {
        _memory = new MemoryRegistry(time: _registryClock);
        _registry = new FaultyRegistry(_memory);
        _keeper = new LeaseKeeper(_registry, TimeToLive, _clock, NullLogger.Instance);
        _keeper.Lost += () => _lost++;
        _keeper.Regained += () => _regained++;
    }

    [Fact]
    public async Task Put_First_IsOnALease()
    {
        await _keeper.PutAsync("/a", Bytes("1"));

        var entry = (await _memory.GetAsync("/a"))!.Value;
        Assert.Equal(_keeper.LeaseId, entry.Lease);
        Assert.NotEqual(0, entry.Lease);
    }

    [Fact]
    public async Task Keep_LongAfterTheTimeToLive_KeysStand()
    {
        await _keeper.PutAsync("/a", Bytes("1"));
        var lease = _keeper.LeaseId;

        await AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.NotNull(await _memory.GetAsync("/a"));
        Assert.Equal(lease, _keeper.LeaseId);
        Assert.Equal(0, _lost);
    }

    [Fact]
    public async Task Keep_LeaseRevokedByOthers_PutsKeysOnANewOne()
    {
        await _keeper.PutAsync("/a", Bytes("1"));
        await _keeper.PutAsync("/b", Bytes("2"));
        var lease = _keeper.LeaseId;
        await _memory.RevokeAsync(lease);
        Assert.Null(await _memory.GetAsync("/a"));

        await AdvanceAsync(TimeToLive / 3);

        Assert.Equal("1", (await _memory.GetAsync("/a"))!.Value.Value.ToStringUtf8());
        Assert.Equal("2", (await _memory.GetAsync("/b"))!.Value.Value.ToStringUtf8());
        Assert.NotEqual(lease, _keeper.LeaseId);
        Assert.Equal((1, 1), (_lost, _regained));
    }

    [Fact]
    public async Task Keep_RegistryAwayForLong_IsLostThenRegained()
    {
        await _keeper.PutAsync("/a", Bytes("1"));
        _registry.IsAway = true;
        await AdvanceAsync(TimeToLive - TimeSpan.FromSeconds(1));
        Assert.Equal(0, _lost);

        await AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Equal((1, 0), (_lost, _regained));
        Assert.Null(await _memory.GetAsync("/a"));

        _registry.IsAway = false;
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 1), (_lost, _regained));
        Assert.NotNull(await _memory.GetAsync("/a"));
    }

    [Fact]
    public async Task Put_WhileAway_ThrowsAndIsDoneLater()
    {
        _registry.IsAway = true;
        var e = await Assert.ThrowsAsync<RegistryException>(() => _keeper.PutAsync("/a", Bytes("1")));
        Assert.Equal(RegistryError.Away, e.Error);

        _registry.IsAway = false;
        await AdvanceAsync(TimeToLive / 3);

        Assert.NotNull(await _memory.GetAsync("/a"));
    }

    [Fact]
    public async Task Put_OnALeaseJustLost_GoesOnANewOneAtOnce()
    {
        await _keeper.PutAsync("/a", Bytes("1"));
        await _memory.RevokeAsync(_keeper.LeaseId);

        await _keeper.PutAsync("/b", Bytes("2"));

        Assert.NotNull(await _memory.GetAsync("/a"));
        Assert.NotNull(await _memory.GetAsync("/b"));
    }

    [Fact]
    public async Task Remove_Key_IsGoneAndStaysGone()
    {
        await _keeper.PutAsync("/a", Bytes("1"));
        await _keeper.PutAsync("/b", Bytes("1"));
        await _keeper.RemoveAsync("/a");
        await _memory.RevokeAsync(_keeper.LeaseId);
        await AdvanceAsync(TimeToLive / 3);

        Assert.Null(await _memory.GetAsync("/a"));
        Assert.NotNull(await _memory.GetAsync("/b"));
    }

    [Fact]
    public async Task Remove_WhileAway_IsDoneLater()
    {
        await _keeper.PutAsync("/a", Bytes("1"));
        _registry.IsAway = true;
        await Assert.ThrowsAsync<RegistryException>(() => _keeper.RemoveAsync("/a"));
        _registry.IsAway = false;
        await AdvanceAsync(TimeToLive / 3);

        Assert.Null(await _memory.GetAsync("/a"));
    }

    [Fact]
    public async Task Keep_RegistryBackWithTheLeaseButNotAllKeys_PutsWhatItLacks()
    {
        await _keeper.PutAsync("/a", Bytes("1"));
        await _keeper.PutAsync("/b", Bytes("2"));
        await AdvanceAsync(TimeToLive / 3);
        var untouched = await PutAndReadAsync("/c");

        // As after a restore from a backup: one key is not there yet, another is as it was before.
        await _memory.DeleteAsync("/a");
        await _memory.PutAsync("/b", Bytes("old"), _keeper.LeaseId);
        _registry.Connections++;
        var lease = _keeper.LeaseId;
        await AdvanceAsync(TimeToLive / 3);

        Assert.Equal("1", (await _memory.GetAsync("/a"))!.Value.Value.ToStringUtf8());
        Assert.Equal("2", (await _memory.GetAsync("/b"))!.Value.Value.ToStringUtf8());
        Assert.Equal(untouched, await _memory.GetAsync("/c"));
        Assert.Equal((lease, 0), (_keeper.LeaseId, _lost));
    }

    [Fact]
    public async Task Dispose_RevokesTheLeaseWithItsKeys()
    {
        await _keeper.PutAsync("/a", Bytes("1"));
        var lease = _keeper.LeaseId;

        await _keeper.DisposeAsync();

        Assert.Null(await _memory.GetAsync("/a"));
        Assert.Null(await _memory.KeepAliveAsync(lease));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _keeper.PutAsync("/a", Bytes("1")));
    }

    public async ValueTask DisposeAsync()
    {
        await _keeper.DisposeAsync();
        _memory.Dispose();
    }

    private async Task<RegistryEntry?> PutAndReadAsync(string key)
    {
        await _keeper.PutAsync(key, Bytes("3"));
        return await _memory.GetAsync(key);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>In steps, each when the keeper waits for the clock again.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        var step = TimeSpan.FromMilliseconds(300);
        for (var moved = TimeSpan.Zero; moved < by; moved += step)
        {
            await Eventually.True(() => _clock.PendingTimers == 1);
            _registryClock.Advance(step);
            _clock.Advance(step);
        }

        await Eventually.True(() => _clock.PendingTimers == 1);
    }
}
