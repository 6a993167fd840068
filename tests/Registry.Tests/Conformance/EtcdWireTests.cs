using Fairway.GrpcWire;
using Fairway.Registry.Etcd;
using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf;

namespace Fairway.Registry.Tests.Conformance;

/// <summary>What no command of etcdctl and no call of the client asks for, on the wire.</summary>
public abstract class EtcdWireTests(Uri endpoint) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly GrpcChannel _channel = new(endpoint);
    private readonly string _prefix = $"/wire/{Guid.NewGuid():N}/";

    [Fact]
    public async Task Txn_Nested_DecidesFromTheStateBefore()
    {
        await PutAsync("a", "1");
        var inner = new TxnRequest();
        inner.Compare.Add(ValueIs("a", "1"));
        inner.Success.Add(Put("inner", "yes"));
        inner.Failure.Add(Put("inner", "no"));
        var outer = new TxnRequest();
        outer.Success.Add(Put("a", "2"));
        outer.Success.Add(new RequestOp { RequestTxn = inner });
        outer.Success.Add(new RequestOp { RequestRange = new RangeRequest { Key = Key("a") } });
        outer.Success.Add(new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = Key("none"), PrevKv = true } });

        var response = await _channel.UnaryAsync(EtcdMethods.Txn, outer);

        Assert.True(response.Responses[1].ResponseTxn.Succeeded);
        Assert.Equal("2", response.Responses[2].ResponseRange.Kvs[0].Value.ToStringUtf8());
        Assert.Equal(response.Header.Revision, response.Responses[2].ResponseRange.Kvs[0].ModRevision);
        Assert.Equal("yes", (await GetAsync("inner")).Value.ToStringUtf8());
    }

    [Fact]
    public async Task Txn_NestedBranchesShareAKey_IsTaken()
    {
        var inner = new TxnRequest();
        inner.Success.Add(Put("a", "1"));
        inner.Failure.Add(Put("a", "2"));
        var outer = new TxnRequest();
        outer.Success.Add(new RequestOp { RequestTxn = inner });

        Assert.True((await _channel.UnaryAsync(EtcdMethods.Txn, outer)).Succeeded);
    }

    [Fact]
    public async Task Txn_NestedPutsAKeyOfTheOuter_IsRefused()
    {
        var inner = new TxnRequest();
        inner.Failure.Add(Put("a", "2"));
        var outer = new TxnRequest();
        outer.Success.Add(Put("a", "1"));
        outer.Success.Add(new RequestOp { RequestTxn = inner });

        await AssertRefusedAsync(GrpcStatus.InvalidArgument, "etcdserver: duplicate key given in txn request", outer);
    }

    [Fact]
    public async Task Txn_EveryTarget_Compares()
    {
        var lease = (await _channel.UnaryAsync(EtcdMethods.LeaseGrant, new LeaseGrantRequest { TTL = 60 })).ID;
        await _channel.UnaryAsync(EtcdMethods.Put, new PutRequest { Key = Key("a"), Value = Text("m"), Lease = lease });
        var kv = await GetAsync("a");
        var request = new TxnRequest();
        foreach (var result in new[] { Compare.Types.CompareResult.Equal, Compare.Types.CompareResult.Greater, Compare.Types.CompareResult.Less, Compare.Types.CompareResult.NotEqual })
        {
            var less = result switch
            {
                Compare.Types.CompareResult.Equal => 0,
                Compare.Types.CompareResult.Less => -1,
                _ => 1,
            };
            request.Compare.Add(new Compare { Key = Key("a"), Result = result, Target = Compare.Types.CompareTarget.Version, Version = kv.Version - less });
            request.Compare.Add(new Compare { Key = Key("a"), Result = result, Target = Compare.Types.CompareTarget.Create, CreateRevision = kv.CreateRevision - less });
            request.Compare.Add(new Compare { Key = Key("a"), Result = result, Target = Compare.Types.CompareTarget.Mod, ModRevision = kv.ModRevision - less });
            request.Compare.Add(new Compare { Key = Key("a"), Result = result, Target = Compare.Types.CompareTarget.Lease, Lease = lease - less });
            request.Compare.Add(new Compare { Key = Key("a"), Result = result, Target = Compare.Types.CompareTarget.Value, Value = Text(((char)('m' - less)).ToString()) });
        }

        Assert.True((await _channel.UnaryAsync(EtcdMethods.Txn, request)).Succeeded);
        foreach (var compare in request.Compare)
        {
            var opposite = compare.Clone();
            opposite.Result = compare.Result switch
            {
                Compare.Types.CompareResult.Equal => Compare.Types.CompareResult.NotEqual,
                Compare.Types.CompareResult.NotEqual => Compare.Types.CompareResult.Equal,
                Compare.Types.CompareResult.Greater => Compare.Types.CompareResult.Less,
                _ => Compare.Types.CompareResult.Greater,
            };
            var one = new TxnRequest();
            one.Compare.Add(opposite);
            Assert.False((await _channel.UnaryAsync(EtcdMethods.Txn, one)).Succeeded, opposite.ToString());
        }
    }

    [Fact]
    public async Task Txn_CompareOfAbsentKeysAndRanges_IsAsEtcdSays()
    {
        await PutAsync("r/1", "x");
        await PutAsync("r/2", "x");
        var range = ValueIs("r/", "x");
        range.RangeEnd = Key("r0");
        var holds = new TxnRequest();
        holds.Compare.Add(range);
        holds.Compare.Add(new Compare { Key = Key("none"), Target = Compare.Types.CompareTarget.Version, Version = 0 });
        Assert.True((await _channel.UnaryAsync(EtcdMethods.Txn, holds)).Succeeded);

        await PutAsync("r/2", "y");
        Assert.False((await _channel.UnaryAsync(EtcdMethods.Txn, holds)).Succeeded);
        var absent = new TxnRequest();
        absent.Compare.Add(new Compare { Key = Key("none"), Target = Compare.Types.CompareTarget.Value, Result = Compare.Types.CompareResult.NotEqual, Value = Text("x") });
        Assert.False((await _channel.UnaryAsync(EtcdMethods.Txn, absent)).Succeeded);
    }

    [Fact]
    public async Task Range_CountLimitAndFilters_AreAsEtcdSays()
    {
        for (var i = 0; i < 5; i++)
        {
            await PutAsync($"k{i}", "x");
        }

        var all = new RangeRequest { Key = Key("k"), RangeEnd = Key("l") };
        var counted = await _channel.UnaryAsync(EtcdMethods.Range, new RangeRequest(all) { CountOnly = true });
        Assert.Equal((5L, 0), (counted.Count, counted.Kvs.Count));
        var limited = await _channel.UnaryAsync(EtcdMethods.Range, new RangeRequest(all) { Limit = 2 });
        Assert.Equal((5L, 2, true), (limited.Count, limited.Kvs.Count, limited.More));
        var third = (await GetAsync("k2")).ModRevision;
        var since = await _channel.UnaryAsync(EtcdMethods.Range, new RangeRequest(all) { MinModRevision = third, MaxCreateRevision = third });
        Assert.Equal("k2", Assert.Single(since.Kvs).Key.ToStringUtf8()[_prefix.Length..]);
        var keys = await _channel.UnaryAsync(EtcdMethods.Range, new RangeRequest(all) { KeysOnly = true });
        Assert.All(keys.Kvs, kv => Assert.Empty(kv.Value));
    }

    [Fact]
    public async Task Range_FutureRevision_IsRefused()
    {
        var e = await Assert.ThrowsAsync<GrpcException>(() =>
            _channel.UnaryAsync(EtcdMethods.Range, new RangeRequest { Key = Key("a"), Revision = 1_000_000 }));

        Assert.Equal((GrpcStatus.OutOfRange, "etcdserver: mvcc: required revision is a future revision"), (e.Status, e.Detail));
    }

    [Fact]
    public async Task LeaseGrant_TakenIdAndLongTtl_AreRefused()
    {
        var lease = (await _channel.UnaryAsync(EtcdMethods.LeaseGrant, new LeaseGrantRequest { TTL = 60 })).ID;

        var taken = await Assert.ThrowsAsync<GrpcException>(() =>
            _channel.UnaryAsync(EtcdMethods.LeaseGrant, new LeaseGrantRequest { ID = lease, TTL = 60 }));
        Assert.Equal((GrpcStatus.FailedPrecondition, "etcdserver: lease already exists"), (taken.Status, taken.Detail));
        var large = await Assert.ThrowsAsync<GrpcException>(() =>
            _channel.UnaryAsync(EtcdMethods.LeaseGrant, new LeaseGrantRequest { TTL = 9_000_000_001 }));
        Assert.Equal((GrpcStatus.OutOfRange, "etcdserver: too large lease TTL"), (large.Status, large.Detail));
    }

    [Fact]
    public async Task Watch_SeveralOnOneStream_AreKeptApartFilteredAndCancelled()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var call = _channel.Duplex(EtcdMethods.Watch, ct: patience.Token);
        await using var responses = call.ReadAllAsync().GetAsyncEnumerator(CancellationToken.None);
        var puts = await CreateAsync(new WatchCreateRequest { Key = Key("a"), PrevKv = true, WatchId = 7, Filters = { WatchCreateRequest.Types.FilterType.Nodelete } });
        var deletes = await CreateAsync(new WatchCreateRequest { Key = Key("a"), Filters = { WatchCreateRequest.Types.FilterType.Noput } });
        Assert.Equal(7, puts);
        Assert.NotEqual(7, deletes);

        await PutAsync("a", "1");
        var put = await NextAsync();
        Assert.Equal((puts, Event.Types.EventType.Put), (put.WatchId, Assert.Single(put.Events).Type));
        Assert.Null(put.Events[0].PrevKv);
        await _channel.UnaryAsync(EtcdMethods.DeleteRange, new DeleteRangeRequest { Key = Key("a") });
        var delete = await NextAsync();
        Assert.Equal((deletes, Event.Types.EventType.Delete), (delete.WatchId, Assert.Single(delete.Events).Type));

        await call.WriteAsync(new WatchRequest { CancelRequest = new WatchCancelRequest { WatchId = deletes } });
        Assert.True(await NextAsync() is { Canceled: true } cancelled && cancelled.WatchId == deletes);
        await call.WriteAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() });
        var progress = await NextAsync();
        Assert.Equal((-1L, 0, false), (progress.WatchId, progress.Events.Count, progress.Created));

        async Task<long> CreateAsync(WatchCreateRequest request)
        {
            await call.WriteAsync(new WatchRequest { CreateRequest = request });
            var created = await NextAsync();
            Assert.True(created.Created);
            return created.WatchId;
        }

        async Task<WatchResponse> NextAsync()
        {
            Assert.True(await responses.MoveNextAsync());
            return responses.Current;
        }
    }

    [Fact]
    public async Task Watch_EmptyRangeOrTakenId_IsCancelledAtOnce()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var call = _channel.Duplex(EtcdMethods.Watch, ct: patience.Token);
        await using var responses = call.ReadAllAsync().GetAsyncEnumerator(CancellationToken.None);
        await call.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Key("b"), RangeEnd = Key("a") } });
        Assert.True(await responses.MoveNextAsync());
        Assert.True(responses.Current is { Created: true, Canceled: true });

        await call.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Key("a"), WatchId = 5 } });
        Assert.True(await responses.MoveNextAsync());
        await call.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Key("a"), WatchId = 5 } });
        Assert.True(await responses.MoveNextAsync());
        Assert.True(responses.Current is { Created: true, Canceled: true });
    }

    public void Dispose() => _channel.Dispose();

    private static ByteString Text(string text) => ByteString.CopyFromUtf8(text);

    private ByteString Key(string name) => Text(_prefix + name);

    private RequestOp Put(string name, string value) => new() { RequestPut = new PutRequest { Key = Key(name), Value = Text(value) } };

    private Compare ValueIs(string name, string value) =>
        new() { Key = Key(name), Target = Compare.Types.CompareTarget.Value, Value = Text(value) };

    private Task<PutResponse> PutAsync(string name, string value) =>
        _channel.UnaryAsync(EtcdMethods.Put, new PutRequest { Key = Key(name), Value = Text(value) });

    private async Task<KeyValue> GetAsync(string name) =>
        (await _channel.UnaryAsync(EtcdMethods.Range, new RangeRequest { Key = Key(name) })).Kvs[0];

    private async Task AssertRefusedAsync(GrpcStatus status, string detail, TxnRequest request)
    {
        var e = await Assert.ThrowsAsync<GrpcException>(() => _channel.UnaryAsync(EtcdMethods.Txn, request));
        Assert.Equal((status, detail), (e.Status, e.Detail));
    }
}

public sealed class EtcdWireOnEmbeddedTests(ServedMemoryFixture fixture) : EtcdWireTests(fixture.Endpoint), IClassFixture<ServedMemoryFixture>;

public sealed class EtcdWireOnEtcdTests(EtcdFixture fixture) : EtcdWireTests(fixture.Server.Endpoint), IClassFixture<EtcdFixture>;
