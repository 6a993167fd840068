using System.Text;
using Fairway.Registry.Memory;

namespace Fairway.Registry.Tests;

public sealed class RegistryWatcherTests : IDisposable
{
    private static readonly RegistryWatcherOptions Quick = new()
    {
        MinBackoff = TimeSpan.FromMilliseconds(5), MaxBackoff = TimeSpan.FromMilliseconds(20), RepeatTimeout = TimeSpan.FromMilliseconds(300),
    };

    private readonly MemoryRegistry _memory = new();
    private readonly FaultyRegistry _registry;

    public RegistryWatcherTests() => _registry = new FaultyRegistry(_memory);

    [Fact]
    public async Task Read_First_ListsThenFollows()
    {
        await PutAsync("/p/a", "1");
        await using var events = Read();

        var listed = await events.NextAsync<RegistryEvent.Listed>();
        Assert.False(listed.Restored);
        Assert.Equal("/p/a", Assert.Single(listed.Listing.Entries).Key);
        await PutAsync("/p/b", "2");
        Assert.Equal(["/p/b"], await events.KeysAsync(1));
    }

    [Fact]
    public async Task Read_WatchBreaks_IsLostOnceAndResumesWithoutLoss()
    {
        await using var events = Read();
        await events.NextAsync<RegistryEvent.Listed>();
        var seen = await PutAsync("/p/a", "1");
        await events.KeysAsync(1);

        _registry.IsAway = true;
        _registry.Cut();
        var lost = await events.NextAsync<RegistryEvent.Lost>();
        await PutAsync("/p/b", "2");
        await _memory.DeleteAsync("/p/a");
        _registry.IsAway = false;

        Assert.Equal("cut", lost.Reason);
        Assert.Equal(["/p/b", "/p/a"], await events.KeysAsync(2));
        Assert.Equal(seen, _registry.WatchedFrom[^1]); // to see the last event repeated, which is not told again
    }

    [Fact]
    public async Task Read_ProgressAheadOfEvents_DoesNotAdvanceTheResumePoint()
    {
        var ahead = new ScriptedWatchRegistry(_memory);
        var revision = await PutAsync("/p/a", "1");
        await using var events = new EventReader(new RegistryWatcher(ahead, "/p/", options: Quick).ReadAsync());
        await events.NextAsync<RegistryEvent.Listed>();
        var change = new RegistryChange(false, new RegistryEntry("/p/b", Google.Protobuf.ByteString.Empty, revision + 1, revision + 1, 1, 0));
        ahead.Say(new WatchBatch(revision, []) { ClusterId = _memory.ClusterId });
        ahead.Say(new WatchBatch(revision + 1, [change]) { ClusterId = _memory.ClusterId });
        ahead.Say(new WatchBatch(revision + 50, []) { ClusterId = _memory.ClusterId });
        await events.NextAsync<RegistryEvent.Changed>();
        await events.NextAsync<RegistryEvent.Changed>();
        Assert.Equal(revision + 50, (await events.NextAsync<RegistryEvent.Changed>()).Batch.Revision);

        ahead.Break();
        await events.NextAsync<RegistryEvent.Lost>();
        ahead.Say(new WatchBatch(revision + 50, []) { ClusterId = _memory.ClusterId });
        ahead.Say(new WatchBatch(revision + 1, [change]) { ClusterId = _memory.ClusterId });
        Assert.Empty((await events.NextAsync<RegistryEvent.Changed>()).Batch.Changes);

        Assert.Equal([revision + 1, revision + 1], ahead.WatchedFrom);
    }

    [Fact]
    public async Task Read_HistoryCompactedWhilePaused_ListsAgain()
    {
        await using var events = Read();
        await events.NextAsync<RegistryEvent.Listed>();
        await events.NextAsync<RegistryEvent.Changed>();
        await PutAsync("/p/a", "1");
        await PutAsync("/p/a", "2");
        await _memory.CompactAsync(await PutAsync("/p/b", "3"));

        var listed = await events.NextAsync<RegistryEvent.Listed>();

        Assert.False(listed.Restored);
        Assert.Equal(["/p/a", "/p/b"], listed.Listing.Entries.Select(entry => entry.Key));
        await PutAsync("/p/c", "4");
        Assert.Equal(["/p/c"], await events.KeysAsync(1));
    }

    [Fact]
    public async Task Read_OtherCluster_IsRestored()
    {
        await PutAsync("/p/a", "1");
        await using var events = Read();
        await events.NextAsync<RegistryEvent.Listed>();
        await events.NextAsync<RegistryEvent.Changed>();
        using var other = new MemoryRegistry();
        await other.PutAsync("/p/b", Encoding.UTF8.GetBytes("2"));
        _registry.Inner = other;
        _registry.Cut();

        await events.NextAsync<RegistryEvent.Lost>();
        var listed = await events.NextAsync<RegistryEvent.Listed>();

        Assert.True(listed.Restored);
        Assert.Equal("/p/b", Assert.Single(listed.Listing.Entries).Key);
    }

    [Fact]
    public async Task Read_RevisionWentBack_IsRestored()
    {
        await using var events = await ReadSomeAsync();
        using var restored = await RestoredAsync("/p/a");
        BringBack(restored);

        await events.NextAsync<RegistryEvent.Lost>();
        var listed = await events.NextAsync<RegistryEvent.Listed>();
        Assert.True(listed.Restored);
        Assert.Equal(["/p/a"], listed.Listing.Entries.Select(entry => entry.Key));
    }

    [Fact]
    public async Task Read_RestoredAndItsRevisionPassed_IsRestoredByWhatItWrote()
    {
        await using var events = await ReadSomeAsync();
        using var restored = await RestoredAsync("/p/a", "/p/x", "/p/y", "/p/z");
        BringBack(restored);

        await events.NextAsync<RegistryEvent.Lost>();
        var listed = await events.NextAsync<RegistryEvent.Listed>();
        Assert.True(listed.Restored);
        Assert.True(listed.Listing.Revision > _memory.Revision);
        Assert.Equal(["/p/a", "/p/x", "/p/y", "/p/z"], listed.Listing.Entries.Select(entry => entry.Key));
    }

    [Fact]
    public async Task Read_RestoredPassedAndCompacted_IsRestoredByWhatItLists()
    {
        await using var events = await ReadSomeAsync();
        using var restored = await RestoredAsync("/p/a", "/p/x", "/p/y", "/p/z");
        await restored.CompactAsync(restored.Revision);
        BringBack(restored);

        await events.NextAsync<RegistryEvent.Lost>();
        Assert.True((await events.NextAsync<RegistryEvent.Listed>()).Restored);
    }

    [Fact]
    public async Task Read_RestoredFromABackupOfAllThatWasRead_GoesOn()
    {
        await using var events = await ReadSomeAsync();
        using var restored = await RestoredAsync("/p/a", "/p/b", "/p/c");
        BringBack(restored);

        await events.NextAsync<RegistryEvent.Lost>();
        Assert.Empty((await events.NextAsync<RegistryEvent.Changed>()).Batch.Changes);
        await restored.PutAsync("/p/d", Encoding.UTF8.GetBytes("1"));
        Assert.Equal(["/p/d"], await events.KeysAsync(1));
    }

    [Fact]
    public async Task Read_RestoredAndQuietWhereTheLastChangeWas_ListsAfterAWhile()
    {
        // The revisions seen were spent on keys elsewhere: nothing is repeated, and nothing comes.
        await using var events = await ReadSomeAsync();
        using var restored = await RestoredAsync("/p/a", "/else/1", "/else/2", "/else/3");
        BringBack(restored);

        await events.NextAsync<RegistryEvent.Lost>();
        var listed = await events.NextAsync<RegistryEvent.Listed>();
        Assert.Equal(["/p/a"], listed.Listing.Entries.Select(entry => entry.Key));
    }

    [Fact]
    public async Task Read_MemberLagsBehind_ListsButIsNotRestored()
    {
        var lagging = new ScriptedWatchRegistry(_memory);
        var revision = await PutAsync("/p/a", "1");
        await using var events = new EventReader(new RegistryWatcher(lagging, "/p/", options: Quick).ReadAsync());
        await events.NextAsync<RegistryEvent.Listed>();
        lagging.Say(new WatchBatch(revision - 1, []) { ClusterId = _memory.ClusterId });

        Assert.False((await events.NextAsync<RegistryEvent.Listed>()).Restored);
    }

    [Fact]
    public async Task Read_ListingFails_IsLostAndNeverEmpty()
    {
        await PutAsync("/p/a", "1");
        _registry.IsAway = true;
        await using var events = Read();

        await events.NextAsync<RegistryEvent.Lost>();
        _registry.IsAway = false;

        Assert.Single((await events.NextAsync<RegistryEvent.Listed>()).Listing.Entries);
    }

    [Fact]
    public async Task Read_Cancelled_EndsInCancellation()
    {
        using var cancel = new CancellationTokenSource();
        await using var events = new EventReader(new RegistryWatcher(_registry, "/p/", options: Quick).ReadAsync(cancel.Token));
        await events.NextAsync<RegistryEvent.Listed>();
        await events.NextAsync<RegistryEvent.Changed>();
        var next = events.NextAsync<RegistryEvent.Changed>();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>A reader that has seen the puts of /p/a, /p/b and /p/c, the last two as events.</summary>
    private async Task<EventReader> ReadSomeAsync()
    {
        await PutAsync("/p/a", "1");
        var events = Read();
        await events.NextAsync<RegistryEvent.Listed>();
        await PutAsync("/p/b", "1");
        await PutAsync("/p/c", "1");
        await events.KeysAsync(2);
        return events;
    }

    /// <summary>The same cluster, with another history.</summary>
    private async Task<MemoryRegistry> RestoredAsync(params string[] keys)
    {
        var restored = new MemoryRegistry { ClusterId = _memory.ClusterId };
        foreach (var key in keys)
        {
            await restored.PutAsync(key, Encoding.UTF8.GetBytes("1"));
        }

        return restored;
    }

    private void BringBack(MemoryRegistry restored)
    {
        _registry.Inner = restored;
        _registry.Cut();
    }

    private EventReader Read() => new(new RegistryWatcher(_registry, "/p/", options: Quick).ReadAsync());

    private Task<long> PutAsync(string key, string value) => _memory.PutAsync(key, Encoding.UTF8.GetBytes(value));
}
