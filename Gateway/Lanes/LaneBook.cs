using System.Text.Json.Nodes;
using Fairway.Core.Lanes;
using Fairway.Gateway.Http;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Lanes;

/// <summary>The environment list and its colouring fields in the registry.</summary>
public sealed class LaneBook(IRegistry registry, TimeProvider clock)
{
    private const int Attempts = 32;
    private const string ByOperator = "operator";
    private const string ByRegistration = "registration";
    private const string Park = "park";

    /// <summary>Enters a lane or replaces its entry; its time to live counts from now. Returns whether it is new, its record and the revision.</summary>
    public async Task<(bool Created, byte[] Stored, long Revision)> PutAsync(
        string lane, string owner, int? ttlSeconds, JsonObject posted, CancellationToken cancellationToken)
    {
        var record = new LaneRecord(lane, owner, clock.GetUtcNow(), ttlSeconds);
        var value = LaneCodec.Encode(record, posted);
        var key = RegistryKeys.Lane(lane);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var existing = await registry.GetAsync(key, cancellationToken);
            var lives = Lives(lane, existing);
            List<RegistryOp> writes = [new RegistryOp.Put(key, value)];
            if (!lives)
            {
                writes.Insert(0, new RegistryOp.Delete(RegistryKeys.DeclarationsOf(lane), Prefix: true)); // of an earlier life
            }

            var result = await registry.TxnAsync(
                new RegistryTxn([new RegistryCompare.ModRevisionIs(key, existing?.ModRevision ?? 0)], writes, []), cancellationToken);
            if (result.Succeeded)
            {
                return (!lives, value, result.Revision);
            }
        }

        throw Overtaken();
    }

    /// <summary>Removes a lane with its declarations; null when there is none.</summary>
    public async Task<long?> DeleteAsync(string lane, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Lane(lane);
        var lives = Lives(lane, await registry.GetAsync(key, cancellationToken));
        var result = await registry.TxnAsync(
            new RegistryTxn(
                [new RegistryCompare.Exists(key)],
                [new RegistryOp.Delete(key), new RegistryOp.Delete(RegistryKeys.DeclarationsOf(lane), Prefix: true)],
                []),
            cancellationToken);
        return result.Succeeded && lives ? result.Revision : null;
    }

    /// <summary>Declares a service in a lane by an operator's word.</summary>
    /// <exception cref="ApiException"><c>LANE_UNKNOWN</c>.</exception>
    public async Task<(bool Created, LaneDeclaration Declaration, long Revision)> DeclareAsync(
        string lane, string service, string? onConsumerDown, JsonObject posted, CancellationToken cancellationToken)
    {
        var declaration = new LaneDeclaration(service, ByOperator, onConsumerDown ?? Park);
        var key = RegistryKeys.Declaration(lane, service);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var guard = await GuardAsync(lane, cancellationToken);
            var existing = await registry.GetAsync(key, cancellationToken);
            var result = await registry.TxnAsync(
                new RegistryTxn(
                    [guard, new RegistryCompare.ModRevisionIs(key, existing?.ModRevision ?? 0)],
                    [new RegistryOp.Put(key, LaneCodec.Encode(declaration, posted))],
                    []),
                cancellationToken);
            if (result.Succeeded)
            {
                return (existing is null, declaration, result.Revision);
            }
        }

        throw Overtaken();
    }

    /// <summary>Removes a declaration; null when there is none.</summary>
    public async Task<long?> UndeclareAsync(string lane, string service, CancellationToken cancellationToken)
    {
        var (revision, deleted) = await registry.DeleteAsync(RegistryKeys.Declaration(lane, service), cancellationToken: cancellationToken);
        return deleted > 0 ? revision : null;
    }

    /// <summary>
    /// Adds to a registration what makes it part of <paramref name="lane"/>: that the lane lives, and its colouring field, which
    /// it makes if there is none.
    /// </summary>
    /// <exception cref="ApiException"><c>LANE_UNKNOWN</c>.</exception>
    public async Task JoinAsync(
        string lane, string service, List<RegistryCompare> guards, List<RegistryOp> writes, CancellationToken cancellationToken)
    {
        if (lane.Length == 0)
        {
            return;
        }

        guards.Add(await GuardAsync(lane, cancellationToken));
        var key = RegistryKeys.Declaration(lane, service);
        if (await registry.GetAsync(key, cancellationToken) is not null)
        {
            guards.Add(new RegistryCompare.Exists(key));
            return;
        }

        guards.Add(new RegistryCompare.ModRevisionIs(key, 0));
        writes.Add(new RegistryOp.Put(key, Registered(service)));
    }

    /// <summary>
    /// After an instance left a lane gracefully: takes away the colouring field that registering made, if no other instance is
    /// there. Returns the revision, or 0.
    /// </summary>
    public async Task<long> LeaveAsync(string lane, string service, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Declaration(lane, service);
        if (await registry.GetAsync(key, cancellationToken) is not { } declaration
            || !ByRegistrationIs(service, declaration)
            || await HasInstanceAsync(lane, service, cancellationToken))
        {
            return 0;
        }

        var gone = await registry.TxnAsync(
            new RegistryTxn([new RegistryCompare.ModRevisionIs(key, declaration.ModRevision)], [new RegistryOp.Delete(key)], []), cancellationToken);
        if (!gone.Succeeded || !await HasInstanceAsync(lane, service, cancellationToken))
        {
            return gone.Succeeded ? gone.Revision : 0;
        }

        // One registered after the look and before the delete: it found the field there, and must find it again.
        var back = await registry.TxnAsync(
            new RegistryTxn([new RegistryCompare.ModRevisionIs(key, 0)], [new RegistryOp.Put(key, Registered(service))], []), cancellationToken);
        return back.Succeeded ? back.Revision : gone.Revision;
    }

    private async Task<bool> HasInstanceAsync(string lane, string service, CancellationToken cancellationToken)
    {
        var listing = await registry.ListAsync(RegistryKeys.InstancesOf(service), cancellationToken);
        return listing.Entries.Any(entry => InstanceCodec.TryDecode(service, "", entry.Value.Span, out var record) && record.Lane == lane);
    }

    private static byte[] Registered(string service) => LaneCodec.Encode(new LaneDeclaration(service, ByRegistration, Park));

    private async Task<RegistryCompare> GuardAsync(string lane, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Lane(lane);
        var entry = await registry.GetAsync(key, cancellationToken);
        return Lives(lane, entry)
            ? new RegistryCompare.ModRevisionIs(key, entry!.Value.ModRevision)
            : throw new ApiException(409, "LANE_UNKNOWN", $"The environment list has no lane '{lane}'.");
    }

    private bool Lives(string lane, RegistryEntry? entry) =>
        entry is { } held && LaneCodec.TryDecode(lane, held.Value.Span, out var record) && !(record.ExpiresAt <= clock.GetUtcNow());

    private static bool ByRegistrationIs(string service, RegistryEntry entry) =>
        LaneCodec.TryDecodeDeclaration(service, entry.Value.Span, out var record) && record.DeclaredBy == ByRegistration;

    private static ApiException Overtaken() => new(409, "OVERTAKEN", "Other writes of the same lane were faster; try again.");
}
