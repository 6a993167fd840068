using Fairway.GrpcWire;
using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Etcd;

/// <summary>
/// The registry in etcd v3. Reads, puts and grants are sent again to the next member while time is left; deletes and
/// transactions only where they surely were not executed, so a caller that gets <see cref="RegistryError.Away"/> from those reads first.
/// </summary>
public sealed class EtcdRegistry : IRegistry, IDisposable
{
    private const int ListAttempts = 3;

    private readonly EtcdOptions _options;
    private readonly TimeProvider _time;
    private readonly EtcdCaller _caller;
    private bool _disposed;

    /// <exception cref="OptionsValidationException">The options cannot work; the message names the key.</exception>
    public EtcdRegistry(
        IOptions<EtcdOptions> options, TimeProvider? time = null, ILogger<EtcdRegistry>? logger = null, RegistryMetrics? metrics = null)
    {
        _options = options.Value;
        if (new EtcdOptionsValidator().Validate(null, _options) is { Failed: true } invalid)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(EtcdOptions), invalid.Failures!);
        }

        _time = time ?? TimeProvider.System;
        _caller = new EtcdCaller(_options, _time, logger ?? NullLogger<EtcdRegistry>.Instance, metrics);
    }

    public long Connections => _caller.Connections;

    public async Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await new EtcdListing(_options.PageSize, request => RangeAsync(request, cancellationToken)).ReadAsync(prefix);
            }
            catch (RegistryException e) when (e.Error == RegistryError.Compacted && attempt < ListAttempts)
            {
                // History went while paging: the pages read so far are of a revision that is no more.
            }
        }
    }

    public async Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) =>
        EtcdMessages.Single(await RangeAsync(EtcdMessages.Get(key), cancellationToken));

    public async Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
        (await UnaryAsync(EtcdMethods.Put, EtcdMessages.Put(key, value, lease), Retry.Always, cancellationToken)).Header.Revision;

    public async Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default)
    {
        var response = await UnaryAsync(EtcdMethods.DeleteRange, EtcdMessages.Delete(key, prefix), Retry.IfNeverSent, cancellationToken);
        return (response.Header.Revision, response.Deleted);
    }

    public async Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default)
    {
        var response = await UnaryAsync(EtcdMethods.Txn, EtcdMessages.Txn(txn), Retry.IfNeverSent, cancellationToken);
        return new TxnResult(response.Succeeded, response.Header.Revision);
    }

    public IAsyncEnumerable<WatchBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default) =>
        new EtcdWatch(_caller, _options, _time).ReadAsync(prefix, fromRevision, cancellationToken);

    public async Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        (await UnaryAsync(EtcdMethods.LeaseGrant, EtcdMessages.Grant(timeToLive), Retry.Always, cancellationToken)).ID;

    public async Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default)
    {
        var request = new LeaseKeepAliveRequest { ID = lease };
        return EtcdMessages.TimeLeft(await _caller.RunAsync(
            EtcdMethods.LeaseKeepAlive.Name,
            Retry.Always,
            async (member, call, ct) =>
            {
                await using var stream = member.Channel.Duplex(EtcdMethods.LeaseKeepAlive, call, ct);
                await stream.WriteAsync(request, ct);
                await foreach (var response in stream.ReadAllAsync(ct))
                {
                    return response;
                }

                throw new GrpcException(GrpcStatus.Unavailable, "The member ended the stream without an answer.");
            },
            cancellationToken));
    }

    public Task RevokeAsync(long lease, CancellationToken cancellationToken = default) =>
        UnaryAsync(EtcdMethods.LeaseRevoke, new LeaseRevokeRequest { ID = lease }, Retry.IfNeverSent, cancellationToken);

    public Task CompactAsync(long revision, CancellationToken cancellationToken = default) =>
        UnaryAsync(EtcdMethods.Compact, new CompactionRequest { Revision = revision }, Retry.IfNeverSent, cancellationToken);

    public void Dispose()
    {
        // A container that knows it under two types disposes it twice.
        if (!Interlocked.Exchange(ref _disposed, true))
        {
            _caller.Dispose();
        }
    }

    private Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken) =>
        UnaryAsync(EtcdMethods.Range, request, Retry.Always, cancellationToken);

    private Task<TResponse> UnaryAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, Retry retry, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        _caller.RunAsync(
            method.Name, retry, (member, call, ct) => member.Channel.UnaryAsync(method, request, call, ct), cancellationToken);
}
