using Fairway.Registry.Etcd;
using Fairway.Registry.Membership;
using Fairway.Registry.Memory;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Tests.Membership;

/// <summary>The table while the registry fails.</summary>
public sealed class MembershipFaultTests
{
    private static readonly MembershipRow Row = new() { Silo = "10.0.0.1:1@1", Status = "Joining" };

    [Fact]
    public async Task Insert_AnswerLost_IsTrueAndWrittenOnce()
    {
        using var memory = new MemoryRegistry();
        var store = new EtcdMembershipStore(new AnswerLosing(memory, 1), "c");

        Assert.True(await store.InsertAsync(Row, 1, EtcdMembershipStore.NewTableTag));

        var table = await store.ReadAllAsync();
        Assert.Equal((1, 1), (table.Version, table.Rows.Count));
    }

    [Fact]
    public async Task Insert_AnswerLostAfterALostRace_IsFalse()
    {
        using var memory = new MemoryRegistry();
        await new EtcdMembershipStore(memory, "c").InsertAsync(Row, 1, EtcdMembershipStore.NewTableTag);

        Assert.False(await new EtcdMembershipStore(new AnswerLosing(memory, 1), "c").InsertAsync(Row, 1, EtcdMembershipStore.NewTableTag));
    }

    [Fact]
    public async Task Insert_EveryAnswerLost_Throws()
    {
        using var memory = new MemoryRegistry();
        var store = new EtcdMembershipStore(new AnswerLosing(memory, int.MaxValue), "c");

        var refused = await Assert.ThrowsAsync<RegistryException>(() => store.InsertAsync(Row, 1, EtcdMembershipStore.NewTableTag));

        Assert.Equal(RegistryError.Away, refused.Error);
    }

    [Fact]
    public async Task Update_LeaderOfThreeKilled_GoesOnAndLosesNothing()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        using var registry = new EtcdRegistry(Options.Create(new EtcdOptions
        {
            Endpoints = [.. cluster.Endpoints.Select(endpoint => endpoint.ToString())],
            RequestTimeout = TimeSpan.FromSeconds(20),
        }));
        var store = new EtcdMembershipStore(registry, "c");
        Assert.True(await store.InsertAsync(Row, 1, EtcdMembershipStore.NewTableTag));

        cluster.Members[await cluster.LeaderAsync()].Kill();

        for (var version = 2; version <= 10; version++)
        {
            await Eventually.Passes(
                async () =>
                {
                    var table = await store.ReadAllAsync();
                    if (table.Version < version)
                    {
                        Assert.True(await store.UpdateAsync(table.Rows[0].Row, table.Rows[0].Tag, version, table.VersionTag));
                    }
                },
                TimeSpan.FromSeconds(60));
        }

        Assert.Equal(10, (await store.ReadAllAsync()).Version);
    }

    /// <summary>Does what it is asked, and then says of the first transactions that nobody answered.</summary>
    private sealed class AnswerLosing(IRegistry inner, int losses) : IRegistry
    {
        private int _left = losses;

        public async Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default)
        {
            var result = await inner.TxnAsync(txn, cancellationToken);
            return _left-- > 0 ? throw new RegistryException(RegistryError.Away, "No answer.") : result;
        }

        public Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default) => inner.ListAsync(prefix, cancellationToken);

        public Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) => inner.GetAsync(key, cancellationToken);

        public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
            inner.PutAsync(key, value, lease, cancellationToken);

        public Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default) =>
            inner.DeleteAsync(key, prefix, cancellationToken);

        public IAsyncEnumerable<WatchBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default) =>
            inner.WatchAsync(prefix, fromRevision, cancellationToken);

        public Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) => inner.GrantAsync(timeToLive, cancellationToken);

        public Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default) => inner.KeepAliveAsync(lease, cancellationToken);

        public Task RevokeAsync(long lease, CancellationToken cancellationToken = default) => inner.RevokeAsync(lease, cancellationToken);

        public Task CompactAsync(long revision, CancellationToken cancellationToken = default) => inner.CompactAsync(revision, cancellationToken);
    }
}
