using System.Runtime.CompilerServices;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Registry;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Sdk.RabbitMq.Tests;

public sealed class RegistryLaneViewsTests : IAsyncLifetime
{
    private readonly CutRegistry _registry = new(new MemoryRegistry());
    private RegistryLaneViews _views = null!;

    public async Task InitializeAsync()
    {
        _views = new RegistryLaneViews(_registry, "stock", TimeProvider.System, NullLogger<RegistryWatcher>.Instance);
        Assert.True(_views.Current.IsStale);
        await _views.StartAsync(CancellationToken.None);
        await Eventually.True(() => !_views.Current.IsStale);
    }

    public async Task DisposeAsync()
    {
        await _views.StopAsync(CancellationToken.None);
        _views.Dispose();
    }

    [Fact]
    public async Task Current_DeclaredAndRemoved_Follows()
    {
        var before = _views.Current.Table.Version;
        await DeclareAsync("blue", "stock", "base");
        await Eventually.True(() => _views.Current.LanesOf("stock").Any());
        Assert.Equal([("blue", "base")], _views.Current.LanesOf("stock"));
        Assert.Equal(["stock"], _views.Current.DeclaredIn("blue"));
        Assert.Empty(_views.Current.LanesOf("billing"));
        Assert.NotEqual(before, _views.Current.Table.Version);

        await _registry.DeleteAsync(RegistryKeys.Lane("blue"));
        await Eventually.True(() => !_views.Current.LanesOf("stock").Any());
    }

    [Fact]
    public async Task Current_InstancesOfTheService_AreLiveByLane()
    {
        await PutAsync("stock-1", "stock", "blue");
        await PutAsync("other-1", "billing", "red");
        await Eventually.True(() => _views.Current.LiveLanes.Contains("blue"));
        Assert.Equal(["blue"], _views.Current.LiveLanes);

        await _registry.DeleteAsync(RegistryKeys.Instance("stock", "stock-1"));
        await Eventually.True(() => _views.Current.LiveLanes.Count == 0);
    }

    [Fact]
    public async Task Remember_AGroup_IsKnownToProcessesThatStartLater()
    {
        Assert.True(await _views.RememberAsync(new Group("b_c", "stock", "a"), CancellationToken.None));
        using var later = new RegistryLaneViews(_registry, "stock", TimeProvider.System, NullLogger<RegistryWatcher>.Instance);
        await later.StartAsync(CancellationToken.None);

        await Eventually.True(() => later.LanesWithGroups("b_c", "stock").Any());
        Assert.Equal(["a"], later.LanesWithGroups("b_c", "stock"));
        Assert.Empty(later.LanesWithGroups("b_c", "billing"));
        await later.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Current_LaneExpires_IsGoneUnderAnotherVersion()
    {
        await DeclareAsync("brief", "stock", "park", ttlSeconds: 1);
        await Eventually.True(() => _views.Current.LanesOf("stock").Any());
        var before = _views.Current.Table.Version;

        await Eventually.True(() => !_views.Current.LanesOf("stock").Any());
        Assert.NotEqual(before, _views.Current.Table.Version);
    }

    [Fact]
    public async Task Current_RegistryAway_StandsAndIsStaleUntilItIsBack()
    {
        await DeclareAsync("blue", "stock", "base");
        await Eventually.True(() => _views.Current.LanesOf("stock").Any());

        _registry.Cut();
        await Eventually.True(() => _views.Current.IsStale);
        Assert.Equal([("blue", "base")], _views.Current.LanesOf("stock"));

        _registry.Mend();
        await Eventually.True(() => !_views.Current.IsStale);
        Assert.Equal([("blue", "base")], _views.Current.LanesOf("stock"));
    }

    private async Task DeclareAsync(string lane, string service, string onConsumerDown, int? ttlSeconds = null)
    {
        await _registry.PutAsync(RegistryKeys.Lane(lane), LaneCodec.Encode(new LaneRecord(lane, "test", DateTimeOffset.UtcNow, ttlSeconds)));
        await _registry.PutAsync(RegistryKeys.Declaration(lane, service), LaneCodec.Encode(new LaneDeclaration(service, "operator", onConsumerDown)));
    }

    private Task<long> PutAsync(string id, string service, string lane) => _registry.PutAsync(
        RegistryKeys.Instance(service, id),
        InstanceCodec.Encode(new InstanceRecord { Service = service, Id = id, Address = "10.0.0.1:80", Lane = lane }));

    /// <summary>A registry that can be away.</summary>
    private sealed class CutRegistry(IRegistry inner) : IRegistry
    {
        private CancellationTokenSource _up = new();

        public void Cut() => _up.Cancel();

        public void Mend() => _up = new CancellationTokenSource();

        public Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default) => Check().ListAsync(prefix, cancellationToken);

        public Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) => inner.GetAsync(key, cancellationToken);

        public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
            inner.PutAsync(key, value, lease, cancellationToken);

        public Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default) =>
            inner.DeleteAsync(key, prefix, cancellationToken);

        public Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default) => inner.TxnAsync(txn, cancellationToken);

        public async IAsyncEnumerable<WatchBatch> WatchAsync(
            string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            var up = _up.Token;
            Check();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, up);
            await using var batches = inner.WatchAsync(prefix, fromRevision, either.Token).GetAsyncEnumerator(CancellationToken.None);
            while (true)
            {
                try
                {
                    if (!await batches.MoveNextAsync())
                    {
                        yield break;
                    }
                }
                catch (OperationCanceledException) when (up.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                {
                    throw new RegistryException(RegistryError.Away, "cut");
                }

                yield return batches.Current;
            }
        }

        public Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) => inner.GrantAsync(timeToLive, cancellationToken);

        public Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default) => inner.KeepAliveAsync(lease, cancellationToken);

        public Task RevokeAsync(long lease, CancellationToken cancellationToken = default) => inner.RevokeAsync(lease, cancellationToken);

        public Task CompactAsync(long revision, CancellationToken cancellationToken = default) => inner.CompactAsync(revision, cancellationToken);

        private IRegistry Check() => _up.IsCancellationRequested ? throw new RegistryException(RegistryError.Away, "cut") : inner;
    }
}
