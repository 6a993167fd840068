using System.Text;

namespace Fairway.Registry.Tests.Conformance;

/// <summary>What every registry does. Each test works under a prefix of its own, so the store is shared.</summary>
public abstract class RegistryConformance(IRegistryFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected IRegistry Registry => fixture.Registry;

    protected string Prefix { get; } = $"/t/{Guid.NewGuid():N}/";

    [Fact]
    public async Task Get_Absent_IsNull() => Assert.Null(await Registry.GetAsync(Prefix + "none"));

    [Fact]
    public async Task Put_NewKey_HasFirstVersion()
    {
        var revision = await Registry.PutAsync(Prefix + "a", Bytes("1"));

        var entry = (await Registry.GetAsync(Prefix + "a"))!.Value;
        Assert.Equal("1", entry.Value.ToStringUtf8());
        Assert.Equal((revision, revision, 1L, 0L), (entry.CreateRevision, entry.ModRevision, entry.Version, entry.Lease));
    }

    [Fact]
    public async Task Put_Again_KeepsCreateRevisionAndCountsVersions()
    {
        var first = await Registry.PutAsync(Prefix + "a", Bytes("1"));
        var second = await Registry.PutAsync(Prefix + "a", Bytes("2"));

        var entry = (await Registry.GetAsync(Prefix + "a"))!.Value;
        Assert.True(second > first);
        Assert.Equal((first, second, 2L), (entry.CreateRevision, entry.ModRevision, entry.Version));
    }

    [Fact]
    public async Task Put_AfterDelete_StartsAnew()
    {
        await Registry.PutAsync(Prefix + "a", Bytes("1"));
        await Registry.DeleteAsync(Prefix + "a");
        var revision = await Registry.PutAsync(Prefix + "a", Bytes("2"));

        var entry = (await Registry.GetAsync(Prefix + "a"))!.Value;
        Assert.Equal((revision, 1L), (entry.CreateRevision, entry.Version));
    }

    [Fact]
    public async Task List_Prefix_HasItsKeysInOrderAtOneRevision()
    {
        await Registry.PutAsync(Prefix + "b/2", Bytes("2"));
        await Registry.PutAsync(Prefix + "b/1", Bytes("1"));
        await Registry.PutAsync(Prefix + "c", Bytes("other"));

        var listing = await Registry.ListAsync(Prefix + "b/");

        Assert.Equal([Prefix + "b/1", Prefix + "b/2"], listing.Entries.Select(entry => entry.Key));
        Assert.True(listing.Revision >= listing.Entries.Max(entry => entry.ModRevision));
        Assert.NotEqual(0UL, listing.ClusterId);
    }

    [Fact]
    public async Task List_MoreThanAPage_HasAll()
    {
        for (var i = 0; i < 25; i++)
        {
            await Registry.PutAsync($"{Prefix}{i:00}", Bytes($"{i}"));
        }

        var listing = await fixture.RegistryWithPagesOf10.ListAsync(Prefix);

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"{Prefix}{i:00}"), listing.Entries.Select(entry => entry.Key));
    }

    [Fact]
    public async Task List_NothingThere_IsEmptyWithRevision()
    {
        var listing = await Registry.ListAsync(Prefix);

        Assert.Empty(listing.Entries);
        Assert.True(listing.Revision > 0);
    }

    [Fact]
    public async Task Delete_Key_TellsHowManyWent()
    {
        await Registry.PutAsync(Prefix + "a", Bytes("1"));

        Assert.Equal(1, (await Registry.DeleteAsync(Prefix + "a")).Deleted);
        Assert.Equal(0, (await Registry.DeleteAsync(Prefix + "a")).Deleted);
    }

    [Fact]
    public async Task Delete_Prefix_LeavesNeighbours()
    {
        await Registry.PutAsync(Prefix + "a/1", Bytes("1"));
        await Registry.PutAsync(Prefix + "a/2", Bytes("2"));
        await Registry.PutAsync(Prefix + "b", Bytes("3"));

        var (_, deleted) = await Registry.DeleteAsync(Prefix + "a/", prefix: true);

        Assert.Equal(2, deleted);
        Assert.Equal([Prefix + "b"], (await Registry.ListAsync(Prefix)).Entries.Select(entry => entry.Key));
    }

    [Fact]
    public async Task Txn_GuardHolds_RunsThen()
    {
        var created = await Registry.TxnAsync(new RegistryTxn(
            [new RegistryCompare.ModRevisionIs(Prefix + "a", 0)],
            [new RegistryOp.Put(Prefix + "a", Bytes("1")), new RegistryOp.Put(Prefix + "b", Bytes("2"))],
            []));

        Assert.True(created.Succeeded);
        var entries = (await Registry.ListAsync(Prefix)).Entries;
        Assert.Equal(2, entries.Count);
        Assert.All(entries, entry => Assert.Equal(created.Revision, entry.ModRevision));
    }

    [Fact]
    public async Task Txn_GuardFails_RunsElse()
    {
        var revision = await Registry.PutAsync(Prefix + "a", Bytes("1"));
        var result = await Registry.TxnAsync(new RegistryTxn(
            [new RegistryCompare.ModRevisionIs(Prefix + "a", revision), new RegistryCompare.Exists(Prefix + "none")],
            [new RegistryOp.Put(Prefix + "then", Bytes("1"))],
            [new RegistryOp.Delete(Prefix + "a"), new RegistryOp.Put(Prefix + "else", Bytes("1"))]));

        Assert.False(result.Succeeded);
        Assert.Equal([Prefix + "else"], (await Registry.ListAsync(Prefix)).Entries.Select(entry => entry.Key));
    }

    [Fact]
    public async Task Txn_SameKeyTwice_IsRefused()
    {
        var e = await Assert.ThrowsAsync<RegistryException>(() => Registry.TxnAsync(new RegistryTxn(
            [], [new RegistryOp.Put(Prefix + "a", Bytes("1")), new RegistryOp.Put(Prefix + "a", Bytes("2"))], [])));

        Assert.Equal(RegistryError.Refused, e.Error);
        Assert.Equal("etcdserver: duplicate key given in txn request", e.Message);
    }

    [Fact]
    public async Task Txn_PutAndDeleteOverlap_IsRefused()
    {
        var e = await Assert.ThrowsAsync<RegistryException>(() => Registry.TxnAsync(new RegistryTxn(
            [], [new RegistryOp.Delete(Prefix, Prefix: true), new RegistryOp.Put(Prefix + "a", Bytes("2"))], [])));

        Assert.Equal("etcdserver: duplicate key given in txn request", e.Message);
    }

    [Fact]
    public async Task Txn_TooManyOperations_IsRefused()
    {
        var puts = Enumerable.Range(0, 129).Select(i => new RegistryOp.Put($"{Prefix}{i}", Bytes("x"))).ToList();

        var e = await Assert.ThrowsAsync<RegistryException>(() => Registry.TxnAsync(new RegistryTxn([], puts, [])));

        Assert.Equal((RegistryError.Refused, "etcdserver: too many operations in txn request"), (e.Error, e.Message));
    }

    [Fact]
    public async Task Put_EmptyKey_IsRefused()
    {
        var e = await Assert.ThrowsAsync<RegistryException>(() => Registry.PutAsync("", Bytes("x")));

        Assert.Equal((RegistryError.Refused, "etcdserver: key is not provided"), (e.Error, e.Message));
    }

    [Fact]
    public async Task Put_TooLarge_IsRefused()
    {
        var e = await Assert.ThrowsAsync<RegistryException>(() => Registry.PutAsync(Prefix + "a", new byte[1600 * 1024]));

        Assert.Equal((RegistryError.Refused, "etcdserver: request is too large"), (e.Error, e.Message));
    }

    [Fact]
    public async Task Put_UnknownLease_IsLeaseGone()
    {
        var e = await Assert.ThrowsAsync<RegistryException>(() => Registry.PutAsync(Prefix + "a", Bytes("x"), lease: 4711));

        Assert.Equal((RegistryError.LeaseGone, "etcdserver: requested lease not found"), (e.Error, e.Message));
    }

    [Fact]
    public async Task Watch_FromNow_BeginsWithTheRevisionAndSeesPuts()
    {
        var before = (await Registry.ListAsync(Prefix)).Revision;
        await using var watch = Follow(before + 1);

        var first = await watch.NextAsync();
        Assert.Empty(first.Changes);
        Assert.True(first.Revision >= before);
        Assert.Equal((await Registry.ListAsync(Prefix)).ClusterId, first.ClusterId);

        var revision = await Registry.PutAsync(Prefix + "a", Bytes("1"));
        var change = Assert.Single(await watch.ChangesAsync(1));
        Assert.False(change.IsDelete);
        Assert.Equal((Prefix + "a", "1", revision), (change.Entry.Key, change.Entry.Value.ToStringUtf8(), change.Entry.ModRevision));
    }

    [Fact]
    public async Task Watch_FromThePast_SeesHistoryInOrderThenNews()
    {
        var start = await Registry.PutAsync(Prefix + "a", Bytes("1"));
        await Registry.PutAsync(Prefix + "a", Bytes("2"));
        await Registry.DeleteAsync(Prefix + "a");
        await using var watch = Follow(start);
        var history = await watch.ChangesAsync(3);
        await Registry.PutAsync(Prefix + "b", Bytes("3"));
        var news = await watch.ChangesAsync(1);

        Assert.Equal(
            ["put a=1", "put a=2", "delete a=", "put b=3"],
            history.Concat(news).Select(change =>
                $"{(change.IsDelete ? "delete" : "put")} {change.Entry.Key[Prefix.Length..]}={change.Entry.Value.ToStringUtf8()}"));
    }

    [Fact]
    public async Task Watch_Txn_ComesInOneBatch()
    {
        await using var watch = Follow(0);
        await watch.NextAsync();
        await Registry.TxnAsync(new RegistryTxn(
            [], [new RegistryOp.Put(Prefix + "a", Bytes("1")), new RegistryOp.Put(Prefix + "b", Bytes("2"))], []));

        var batch = await watch.NextChangedAsync();

        Assert.Equal(2, batch.Changes.Count);
        Assert.Equal(batch.Revision, batch.Changes[0].Entry.ModRevision);
    }

    [Fact]
    public async Task Watch_OtherPrefix_SeesNothing()
    {
        await using var watch = Follow(0);
        await watch.NextAsync();
        await Registry.PutAsync(Prefix.TrimEnd('/') + "0", Bytes("neighbour"));
        await Registry.PutAsync(Prefix + "mine", Bytes("1"));

        Assert.Equal(Prefix + "mine", Assert.Single(await watch.ChangesAsync(1)).Entry.Key);
    }

    [Fact]
    public async Task Watch_Cancelled_EndsInCancellation()
    {
        using var cancel = new CancellationTokenSource();
        await using var watch = new WatchReader(Registry.WatchAsync(Prefix, 0, cancel.Token), Patience);
        await watch.NextAsync();
        var next = watch.NextChangedAsync();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    [Fact]
    public async Task Watch_LargeTransaction_ComesWhole()
    {
        // Six values of 200 KiB in one revision, then as much again: larger than what a server sends in one message.
        await using var watch = Follow(0);
        await watch.NextAsync();
        var puts = Enumerable.Range(0, 6).Select(i => new RegistryOp.Put($"{Prefix}{i}", new byte[200 * 1024])).ToList();
        await Registry.TxnAsync(new RegistryTxn([], puts, []));
        await Registry.TxnAsync(new RegistryTxn([], puts, []));

        var changes = await watch.ChangesAsync(12);

        Assert.All(changes, change => Assert.Equal(200 * 1024, change.Entry.Value.Length));
        Assert.Equal(2, changes.Select(change => change.Entry.ModRevision).Distinct().Count());
    }

    [Fact]
    public async Task Lease_Revoked_TakesItsKeysAtOnce()
    {
        var lease = await Registry.GrantAsync(TimeSpan.FromSeconds(60));
        await Registry.PutAsync(Prefix + "a", Bytes("1"), lease);
        await Registry.PutAsync(Prefix + "b", Bytes("2"), lease);
        Assert.Equal(lease, (await Registry.GetAsync(Prefix + "a"))!.Value.Lease);
        await using var watch = Follow(0);
        await watch.NextAsync();

        await Registry.RevokeAsync(lease);

        Assert.Empty((await Registry.ListAsync(Prefix)).Entries);
        var changes = await watch.ChangesAsync(2);
        Assert.All(changes, change => Assert.True(change.IsDelete));
        Assert.Equal([Prefix + "a", Prefix + "b"], changes.Select(change => change.Entry.Key).Order());
    }

    [Fact]
    public async Task Lease_KeptAlive_TellsTimeLeft()
    {
        var lease = await Registry.GrantAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(TimeSpan.FromSeconds(60), await Registry.KeepAliveAsync(lease));
        await Registry.RevokeAsync(lease);
    }

    [Fact]
    public async Task Lease_Gone_KeepAliveIsNullAndRevokeSaysSo()
    {
        var lease = await Registry.GrantAsync(TimeSpan.FromSeconds(60));
        await Registry.RevokeAsync(lease);

        Assert.Null(await Registry.KeepAliveAsync(lease));
        var e = await Assert.ThrowsAsync<RegistryException>(() => Registry.RevokeAsync(lease));
        Assert.Equal(RegistryError.LeaseGone, e.Error);
    }

    [Fact]
    public async Task Lease_KeyPutWithoutIt_StaysWhenItEnds()
    {
        var lease = await Registry.GrantAsync(TimeSpan.FromSeconds(60));
        await Registry.PutAsync(Prefix + "a", Bytes("1"), lease);
        await Registry.PutAsync(Prefix + "a", Bytes("2"));

        await Registry.RevokeAsync(lease);

        Assert.NotNull(await Registry.GetAsync(Prefix + "a"));
    }

    [Fact]
    public async Task Lease_NotKeptAlive_ExpiresWithItsKeys()
    {
        var lease = await Registry.GrantAsync(TimeSpan.FromSeconds(1));
        await Registry.PutAsync(Prefix + "a", Bytes("1"), lease);
        await using var watch = Follow(0);

        Assert.True(Assert.Single(await watch.ChangesAsync(1)).IsDelete);
        Assert.Null(await Registry.KeepAliveAsync(lease));
    }

    [Fact]
    public async Task Compact_Past_EndsWatchesFromThere()
    {
        var start = await Registry.PutAsync(Prefix + "a", Bytes("1"));
        await Registry.PutAsync(Prefix + "a", Bytes("2"));
        var now = await Registry.PutAsync(Prefix + "a", Bytes("3"));
        await Registry.CompactAsync(now);

        await using var watch = Follow(start);
        var e = await Assert.ThrowsAsync<RegistryException>(() => watch.ChangesAsync(1));
        Assert.Equal(RegistryError.Compacted, e.Error);
        Assert.True(e.CompactRevision >= now);
        Assert.Equal("3", (await Registry.GetAsync(Prefix + "a"))!.Value.Value.ToStringUtf8());
    }

    [Fact]
    public async Task Compact_Twice_IsCompacted()
    {
        var now = await Registry.PutAsync(Prefix + "a", Bytes("1"));
        await Registry.CompactAsync(now);

        var e = await Assert.ThrowsAsync<RegistryException>(() => Registry.CompactAsync(now));
        Assert.Equal(RegistryError.Compacted, e.Error);
    }

    [Fact]
    public async Task Compact_Future_IsRefused()
    {
        var now = await Registry.PutAsync(Prefix + "a", Bytes("1"));

        var e = await Assert.ThrowsAsync<RegistryException>(() => Registry.CompactAsync(now + 100_000));
        Assert.Equal((RegistryError.Refused, "etcdserver: mvcc: required revision is a future revision"), (e.Error, e.Message));
    }

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected WatchReader Follow(long from) => new(Registry.WatchAsync(Prefix, from), Patience);
}
