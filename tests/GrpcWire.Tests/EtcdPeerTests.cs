using Fairway.GrpcWire.Tests.Etcd;
using Fairway.Testing;
using Google.Protobuf;

namespace Fairway.GrpcWire.Tests;

/// <summary>The client against etcd's own gRPC server.</summary>
public sealed class EtcdPeerTests(EtcdPeerTests.Fixture fixture) : IClassFixture<EtcdPeerTests.Fixture>
{
    private static readonly GrpcMethod<RangeRequest, RangeResponse> Range = new("etcdserverpb.KV", "Range");
    private static readonly GrpcMethod<PutRequest, PutResponse> Put = new("etcdserverpb.KV", "Put");
    private static readonly GrpcMethod<WatchRequest, WatchResponse> Watch = new("etcdserverpb.Watch", "Watch");

    private EtcdServer Etcd => fixture.Server;

    [Fact]
    public async Task UnaryAsync_PutThenRange_ReturnsTheValue()
    {
        using var channel = new GrpcChannel(Etcd.Endpoint);

        await channel.UnaryAsync(Put, new PutRequest { Key = Key("a"), Value = Key("1") });
        var range = await channel.UnaryAsync(Range, new RangeRequest { Key = Key("a") });

        Assert.Equal("1", Assert.Single(range.Kvs).Value.ToStringUtf8());
    }

    [Fact]
    public async Task UnaryAsync_RefusedByEtcd_CarriesItsStatusAndText()
    {
        using var channel = new GrpcChannel(Etcd.Endpoint);

        var future = await Assert.ThrowsAsync<GrpcException>(
            () => channel.UnaryAsync(Range, new RangeRequest { Key = Key("a"), Revision = 1_000_000 }));
        var empty = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Put, new PutRequest()));

        Assert.Equal(
            (GrpcStatus.OutOfRange, "etcdserver: mvcc: required revision is a future revision"), (future.Status, future.Detail));
        Assert.Equal((GrpcStatus.InvalidArgument, "etcdserver: key is not provided"), (empty.Status, empty.Detail));
    }

    [Fact]
    public async Task UnaryAsync_UnknownMethod_IsUnimplemented()
    {
        using var channel = new GrpcChannel(Etcd.Endpoint);
        var method = new GrpcMethod<RangeRequest, RangeResponse>("etcdserverpb.KV", "Nothing");

        var e = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(method, new RangeRequest()));

        Assert.Equal(GrpcStatus.Unimplemented, e.Status);
    }

    [Fact]
    public async Task Duplex_Watch_SeesEachPutUntilCancelled()
    {
        using var channel = new GrpcChannel(Etcd.Endpoint);
        await using var watch = channel.Duplex(Watch);
        await watch.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Key("w") } });
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        Assert.True(events.Current.Created);

        for (var i = 0; i < 20; i++)
        {
            await channel.UnaryAsync(Put, new PutRequest { Key = Key("w"), Value = Key($"{i}") });
            Assert.True(await events.MoveNextAsync());
            Assert.Equal($"{i}", Assert.Single(events.Current.Events).Kv.Value.ToStringUtf8());
        }

        await watch.WriteAsync(new WatchRequest { CancelRequest = new WatchCancelRequest() });
        Assert.True(await events.MoveNextAsync());
        Assert.True(events.Current.Canceled);
    }

    [Fact]
    public async Task Duplex_ServerKilled_IsUnavailableAndTheChannelRecovers()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var channel = new GrpcChannel(etcd.Endpoint);
        await using var watch = channel.Duplex(Watch);
        await watch.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Key("w") } });
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        await events.MoveNextAsync();

        etcd.Kill();
        var broken = await Assert.ThrowsAsync<GrpcException>(async () => await events.MoveNextAsync());
        var refused = await Assert.ThrowsAsync<GrpcException>(
            () => channel.UnaryAsync(Put, new PutRequest { Key = Key("a"), Value = Key("1") }));
        await etcd.RestartAsync();
        var after = await channel.UnaryAsync(Put, new PutRequest { Key = Key("a"), Value = Key("1") });

        Assert.Equal(GrpcStatus.Unavailable, broken.Status);
        Assert.Equal(GrpcStatus.Unavailable, refused.Status);
        Assert.True(after.Header.Revision > 1);
    }

    [Fact]
    public async Task Duplex_ServerFrozen_PingsNoticeItAndDeadlinesToo()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var channel = new GrpcChannel(etcd.Endpoint, new GrpcChannelOptions
        {
            KeepAlivePingDelay = TimeSpan.FromSeconds(1),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(1),
        });
        await using var watch = channel.Duplex(Watch);
        await watch.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Key("w") } });
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        await events.MoveNextAsync();

        etcd.Freeze();
        var late = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(
            Range, new RangeRequest { Key = Key("a") }, new GrpcCallOptions { Deadline = TimeSpan.FromMilliseconds(300) }));
        var broken = await Assert.ThrowsAsync<GrpcException>(
            () => events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        etcd.Resume();

        Assert.Equal(GrpcStatus.DeadlineExceeded, late.Status);
        Assert.Equal(GrpcStatus.Unavailable, broken.Status);
    }

    private static ByteString Key(string text) => ByteString.CopyFromUtf8(text);

    public sealed class Fixture : IAsyncLifetime
    {
        internal EtcdServer Server { get; private set; } = null!;

        public async Task InitializeAsync() => Server = await EtcdServer.StartAsync();

        public async Task DisposeAsync() => await Server.DisposeAsync();
    }
}
