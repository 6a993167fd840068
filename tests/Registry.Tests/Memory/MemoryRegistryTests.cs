using System.Text;
using Fairway.Registry.Memory;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Tests.Memory;

public sealed class MemoryRegistryTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly MemoryRegistry _registry;

    public MemoryRegistryTests() => _registry = Create(new MemoryRegistryOptions());

    [Fact]
    public async Task Revision_OfReadsAndFailures_DoesNotGrow()
    {
        var before = _registry.Revision;
        await _registry.ListAsync("/");
        await _registry.DeleteAsync("/none");
        await _registry.GrantAsync(TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<RegistryException>(() => _registry.PutAsync("/a", Bytes("1"), lease: 99));
        await _registry.TxnAsync(new RegistryTxn([], [new RegistryOp.Delete("/none")], []));

        Assert.Equal(before, _registry.Revision);
    }

    [Fact]
    public async Task Txn_LeaseMissing_ChangesNothing()
    {
        var e = await Assert.ThrowsAsync<RegistryException>(() => _registry.TxnAsync(new RegistryTxn(
            [], [new RegistryOp.Put("/a", Bytes("1")), new RegistryOp.Put("/b", Bytes("1"), Lease: 99)], [])));

        Assert.Equal(RegistryError.LeaseGone, e.Error);
        Assert.Null(await _registry.GetAsync("/a"));
    }

    [Fact]
    public async Task Lease_NotRenewed_EndsAtItsInstantInOneRevision()
    {
        var lease = await _registry.GrantAsync(TimeSpan.FromSeconds(10));
        await _registry.PutAsync("/a", Bytes("1"), lease);
        await _registry.PutAsync("/b", Bytes("1"), lease);
        var before = _registry.Revision;

        _clock.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.NotNull(await _registry.GetAsync("/a"));
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Empty((await _registry.ListAsync("/")).Entries);
        Assert.Equal(before + 1, _registry.Revision);
        Assert.Null(await _registry.KeepAliveAsync(lease));
    }

    [Fact]
    public async Task Lease_Renewed_LivesFromThen()
    {
        var lease = await _registry.GrantAsync(TimeSpan.FromSeconds(10));
        await _registry.PutAsync("/a", Bytes("1"), lease);
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.NotNull(await _registry.KeepAliveAsync(lease));
        _clock.Advance(TimeSpan.FromSeconds(9.5));
        Assert.NotNull(await _registry.GetAsync("/a"));

        _clock.Advance(TimeSpan.FromSeconds(0.6));
        Assert.Null(await _registry.GetAsync("/a"));
    }

    [Fact]
    public async Task Lease_Many_HangOnOneTimerAndEndInOrder()
    {
        for (var i = 100; i > 0; i--)
        {
            await _registry.PutAsync($"/{i:000}", Bytes("1"), await _registry.GrantAsync(TimeSpan.FromSeconds(i)));
        }

        Assert.Equal(1, _clock.PendingTimers);
        _clock.Advance(TimeSpan.FromSeconds(40.5));
        Assert.Equal("/041", (await _registry.ListAsync("/")).Entries[0].Key);
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty((await _registry.ListAsync("/")).Entries);
        Assert.Equal(0, _clock.PendingTimers);
    }

    [Fact]
    public async Task Lease_KeyMovedToAnother_StaysWithThat()
    {
        var old = await _registry.GrantAsync(TimeSpan.FromSeconds(5));
        var next = await _registry.GrantAsync(TimeSpan.FromSeconds(50));
        await _registry.PutAsync("/a", Bytes("1"), old);
        await _registry.PutAsync("/a", Bytes("2"), next);

        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.NotNull(await _registry.GetAsync("/a"));
        _clock.Advance(TimeSpan.FromSeconds(50));
        Assert.Null(await _registry.GetAsync("/a"));
    }

    [Fact]
    public async Task History_AboveItsBound_IsCompactedAndTheRestStands()
    {
        using var registry = Create(new MemoryRegistryOptions { HistoryChanges = 100 });
        var first = await registry.PutAsync("/steady", Bytes("1"));
        for (var i = 0; i < 1000; i++)
        {
            await registry.PutAsync("/busy", Bytes($"{i}"));
        }

        Assert.Equal("1", (await registry.GetAsync("/steady"))!.Value.Value.ToStringUtf8());
        await using var old = new WatchReader(registry.WatchAsync("/", first), TimeSpan.FromSeconds(5));
        var e = await Assert.ThrowsAsync<RegistryException>(() => old.ChangesAsync(1));
        Assert.Equal(RegistryError.Compacted, e.Error);
        Assert.InRange(e.CompactRevision, registry.Revision - 100, registry.Revision - 49);
        await using var recent = new WatchReader(registry.WatchAsync("/", e.CompactRevision), TimeSpan.FromSeconds(5));
        Assert.Equal(registry.Revision - e.CompactRevision + 1, (await recent.NextChangedAsync()).Changes.Count);
    }

    [Fact]
    public async Task History_OfLargeValues_IsBoundedInBytes()
    {
        using var registry = Create(new MemoryRegistryOptions { HistoryBytes = 1024 * 1024 });
        for (var i = 0; i < 100; i++)
        {
            await registry.PutAsync("/big", new byte[100 * 1024]);
        }

        await using var watch = new WatchReader(registry.WatchAsync("/", registry.Revision - 20), TimeSpan.FromSeconds(5));
        Assert.Equal(RegistryError.Compacted, (await Assert.ThrowsAsync<RegistryException>(() => watch.ChangesAsync(1))).Error);
    }

    [Fact]
    public async Task Watch_QuietOne_SurvivesCompactionOfOthersChanges()
    {
        await using var watch = new WatchReader(_registry.WatchAsync("/quiet/", 0), TimeSpan.FromSeconds(5));
        await watch.NextAsync();
        for (var i = 0; i < 10; i++)
        {
            await _registry.PutAsync("/busy", Bytes($"{i}"));
        }

        await _registry.CompactAsync(_registry.Revision);
        await _registry.PutAsync("/quiet/a", Bytes("1"));

        Assert.Equal("/quiet/a", Assert.Single(await watch.ChangesAsync(1)).Entry.Key);
    }

    [Fact]
    public async Task Watch_PausedPastCompaction_IsCompacted()
    {
        await using var watch = new WatchReader(_registry.WatchAsync("/", 0), TimeSpan.FromSeconds(5));
        await watch.NextAsync();
        await _registry.PutAsync("/a", Bytes("1"));
        await _registry.PutAsync("/a", Bytes("2"));
        await _registry.CompactAsync(_registry.Revision);

        Assert.Equal(RegistryError.Compacted, (await Assert.ThrowsAsync<RegistryException>(() => watch.ChangesAsync(1))).Error);
    }

    [Fact]
    public async Task Watch_FromTheFuture_BeginsThere()
    {
        await using var watch = new WatchReader(_registry.WatchAsync("/", _registry.Revision + 2), TimeSpan.FromSeconds(5));
        await watch.NextAsync();
        await _registry.PutAsync("/a", Bytes("1"));
        await _registry.PutAsync("/b", Bytes("2"));

        Assert.Equal("/b", Assert.Single(await watch.ChangesAsync(1)).Entry.Key);
    }

    [Fact]
    public async Task Watch_ManyWritersAtOnce_SeesEachRevisionOnceInOrder()
    {
        await using var watch = new WatchReader(_registry.WatchAsync("/", 0), TimeSpan.FromSeconds(10));
        await watch.NextAsync();
        var writers = Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                await _registry.PutAsync($"/{w}", Bytes($"{i}"));
            }
        }));
        await Task.WhenAll(writers);

        var revisions = (await watch.ChangesAsync(2000)).Select(change => change.Entry.ModRevision).ToList();
        Assert.Equal(Enumerable.Range(2, 2000).Select(i => (long)i), revisions);
    }

    [Theory]
    [InlineData("61", "62")]
    [InlineData("61ff", "62")]
    [InlineData("ff", "00")]
    [InlineData("7f", "80")]
    public void PrefixEnd_Prefix_IsTheFirstKeyPastIt(string prefix, string end) =>
        Assert.Equal(end, Convert.ToHexStringLower(KeyRange.PrefixEnd(Convert.FromHexString(prefix)).Span));

    public void Dispose() => _registry.Dispose();

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private MemoryRegistry Create(MemoryRegistryOptions options) => new(Options.Create(options), _clock);
}
