using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;
using Fairway.Gateway.Lanes;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Registration;

/// <summary>
/// Keeps registrations made over HTTP. Each has a lease of its own, found again by its key, so that any Gateway can renew it.
/// </summary>
public sealed class Registrar(IRegistry registry, LaneBook lanes, DirectoryFeed feed)
{
    /// <summary>The code of a refusal because nobody registered the instance.</summary>
    public const string UnknownCode = "INSTANCE_UNKNOWN";

    /// <summary>How often a write is tried again that another one overtook.</summary>
    private const int Attempts = 32;

    private const string Ttl = "ttlSeconds";

    /// <summary>Registers an instance, or renews its registration. Returns whether it is new, and the record as stored.</summary>
    /// <exception cref="ApiException"><c>LANE_UNKNOWN</c>.</exception>
    public async Task<(bool Created, byte[] Stored)> RegisterAsync(
        InstanceRecord record, int ttlSeconds, JsonObject posted, CancellationToken cancellationToken)
    {
        posted[Ttl] = ttlSeconds;
        var value = InstanceCodec.Encode(record, posted);
        var key = RegistryKeys.Instance(record.Service, record.Id);
        var statusKey = RegistryKeys.HttpStatus(record.Service, record.Id);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var existing = await registry.GetAsync(key, cancellationToken);
            var status = existing is null ? null : await registry.GetAsync(statusKey, cancellationToken);
            var (lease, granted) = await LeaseAsync(existing, ttlSeconds, cancellationToken);

            List<RegistryCompare> guards = [new RegistryCompare.ModRevisionIs(key, existing?.ModRevision ?? 0)];
            List<RegistryOp> puts = [new RegistryOp.Put(key, value, lease)];
            if (granted && status is { } moved && Mark(moved) is { } mark)
            {
                guards.Add(new RegistryCompare.ModRevisionIs(statusKey, moved.ModRevision));
                puts.Add(new RegistryOp.Put(statusKey, mark, lease));
            }

            try
            {
                await lanes.JoinAsync(record.Lane, record.Service, guards, puts, cancellationToken);
                if (await TryAsync(guards, puts, cancellationToken) is { } revision)
                {
                    await AfterMoveAsync(existing, granted, cancellationToken);
                    if (LaneOf(existing) is { Length: > 0 } left && left != record.Lane)
                    {
                        revision = Math.Max(revision, await lanes.LeaveAsync(left, record.Service, cancellationToken));
                    }

                    await feed.CatchUpAsync(revision, [record.Service], cancellationToken);
                    return (existing is null, value);
                }
            }
            catch
            {
                await ForgetAsync(granted, lease);
                throw;
            }

            await ForgetAsync(granted, lease);
        }

        throw Overtaken();
    }

    /// <summary>Renews the registration as it is.</summary>
    /// <exception cref="ApiException"><c>INSTANCE_UNKNOWN</c>.</exception>
    public async Task HeartbeatAsync(string service, string id, CancellationToken cancellationToken)
    {
        var entry = await registry.GetAsync(RegistryKeys.Instance(service, id), cancellationToken) ?? throw Unknown(service, id);
        if (entry.Lease != 0 && await registry.KeepAliveAsync(entry.Lease, cancellationToken) is null)
        {
            throw Unknown(service, id);
        }
    }

    /// <summary>Ends a registration; the last instance of a lane's service takes the declaration with it that registering made.</summary>
    /// <exception cref="ApiException"><c>INSTANCE_UNKNOWN</c>.</exception>
    public async Task DeregisterAsync(string service, string id, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Instance(service, id);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var entry = await registry.GetAsync(key, cancellationToken) ?? throw Unknown(service, id);
            List<RegistryOp> deletes = [new RegistryOp.Delete(key), new RegistryOp.Delete(RegistryKeys.HttpStatus(service, id))];
            if (await TryAsync([new RegistryCompare.ModRevisionIs(key, entry.ModRevision)], deletes, cancellationToken) is not { } revision)
            {
                continue;
            }

            await AfterMoveAsync(entry, moved: true, cancellationToken);
            if (LaneOf(entry) is { Length: > 0 } lane)
            {
                revision = Math.Max(revision, await lanes.LeaveAsync(lane, service, cancellationToken));
            }

            await feed.CatchUpAsync(revision, [service], cancellationToken);
            return;
        }

        throw Overtaken();
    }

    /// <summary>Puts a posted status. Without a word on serving, what was said last stands.</summary>
    /// <exception cref="ApiException"><c>INSTANCE_UNKNOWN</c>.</exception>
    public async Task ReportAsync(string service, string id, bool? serving, LoadSample? sample, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Instance(service, id);
        var statusKey = RegistryKeys.HttpStatus(service, id);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var instance = await registry.GetAsync(key, cancellationToken) ?? throw Unknown(service, id);
            var last = await registry.GetAsync(statusKey, cancellationToken);
            var life = serving switch { true => Life.Up, false => Life.Down, null => LifeIn(last) };
            var value = Batch(id, life, sample);
            RegistryCompare[] guards =
            [
                new RegistryCompare.ModRevisionIs(key, instance.ModRevision),
                new RegistryCompare.ModRevisionIs(statusKey, last?.ModRevision ?? 0),
            ];
            if (await TryAsync(guards, [new RegistryOp.Put(statusKey, value, instance.Lease)], cancellationToken) is { } revision)
            {
                await feed.CatchUpAsync(revision, [service], cancellationToken);
                return;
            }
        }

        throw Overtaken();
    }

    /// <summary>The lease to hang the key on: the one it has if that is ours and of the right length, else a new one.</summary>
    private async Task<(long Lease, bool Granted)> LeaseAsync(RegistryEntry? existing, int ttlSeconds, CancellationToken cancellationToken) =>
        existing is { } entry && TtlOf(entry) == ttlSeconds && await registry.KeepAliveAsync(entry.Lease, cancellationToken) is not null
            ? (entry.Lease, false)
            : (await registry.GrantAsync(TimeSpan.FromSeconds(ttlSeconds), cancellationToken), true);

    /// <summary>Ends the lease that a key has left, if it was made here: another registrant's may carry more than this.</summary>
    private async Task AfterMoveAsync(RegistryEntry? before, bool moved, CancellationToken cancellationToken)
    {
        if (moved && before is { Lease: not 0 } entry && TtlOf(entry) is not null)
        {
            await registry.RevokeAsync(entry.Lease, cancellationToken);
        }
    }

    private async Task ForgetAsync(bool granted, long lease)
    {
        if (!granted)
        {
            return;
        }

        try
        {
            await registry.RevokeAsync(lease, CancellationToken.None);
        }
        catch (RegistryException)
        {
            // It holds nothing, and ends by itself.
        }
    }

    /// <summary>The revision of the write; null when a guard does not hold or the lease is gone, so that it must be thought over.</summary>
    private async Task<long?> TryAsync(IReadOnlyList<RegistryCompare> guards, IReadOnlyList<RegistryOp> writes, CancellationToken cancellationToken)
    {
        try
        {
            var result = await registry.TxnAsync(new RegistryTxn(guards, writes, []), cancellationToken);
            return result.Succeeded ? result.Revision : null;
        }
        catch (RegistryException error) when (error.Error == RegistryError.LeaseGone)
        {
            return null;
        }
    }

    /// <summary>What a status says of life, without its sample, which was counted when it came; null when it says nothing.</summary>
    private static byte[]? Mark(RegistryEntry status) => RegistryKey.TryParse(status.Key, out var key) && key is StatusKey { Chunk: var id }
        && LifeIn(status) is var life and not Life.Unstated
        ? Batch(id, life, null)
        : null;

    private static byte[] Batch(string id, Life life, LoadSample? sample) => StatusCodec.Split(new StatusBatch(
    [
        new InstanceStatus { Id = id, Life = life, DownReason = life == Life.Down ? "it said that it does not serve" : null, Sample = sample },
    ])).Single();

    private static Life LifeIn(RegistryEntry? status) =>
        status is { } entry && StatusCodec.TryDecode(entry.Value.Span, out var batch) && batch.Items is [var item, ..] ? item.Life : Life.Unstated;

    private static string? LaneOf(RegistryEntry? entry) => entry is { } held
        ? InstanceCodec.TryDecode("", "", held.Value.Span, out var record) ? record.Lane : ""
        : null;

    /// <summary>The time to live that a registration over HTTP asked for; null for one made in another way.</summary>
    private static int? TtlOf(RegistryEntry entry)
    {
        try
        {
            return JsonNode.Parse(entry.Value.Span) is JsonObject stored && stored[Ttl] is JsonValue ttl && ttl.TryGetValue<int>(out var seconds)
                ? seconds
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ApiException Unknown(string service, string id) =>
        new(404, UnknownCode, $"Service '{service}' has no instance '{id}'.");

    private static ApiException Overtaken() => new(409, "OVERTAKEN", "Other writes of the same instance were faster; try again.");
}
