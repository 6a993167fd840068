using Fairway.Core.Lanes;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Fairway.Sdk.Options;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Registration;

/// <summary>
/// The lane side of a registration. The lane must stand in the environment list; a <c>local-*</c> one is made
/// here. An instance in a lane declares its service there, and the last to leave takes that declaration back.
/// </summary>
internal sealed class LaneBook(IRegistry registry, TimeProvider time, IOptions<FairwayOptions> options, ILogger<LaneBook> logger)
{
    private const string LocalPrefix = "local-";
    private const string ByRegistration = "registration";
    private const string Park = "park";

    /// <summary>Makes sure that the lane is there; a <c>local-*</c> one is made, and renewed when a third of its life is over.</summary>
    /// <returns>Why an instance may not register in the lane; null when it may.</returns>
    public async Task<Refusal?> EnterAsync(string lane, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Lane(lane);
        var entry = await registry.GetAsync(key, cancellationToken);
        var now = time.GetUtcNow();
        var found = entry is { } there && LaneCodec.TryDecode(lane, there.Value.Span, out var read) ? read : null;
        var alive = found != null && !(found.ExpiresAt <= now);
        if (!lane.StartsWith(LocalPrefix, StringComparison.Ordinal))
        {
            return alive ? null : new Refusal("LANE_UNKNOWN", $"Lane '{lane}' is not in the environment list.");
        }

        if (alive && (found!.TtlSeconds is not { } ttl || now - found.CreatedAt < TimeSpan.FromSeconds(ttl / 3.0)))
        {
            return null;
        }

        var seconds = alive ? found!.TtlSeconds!.Value : options.Value.LocalLaneSeconds;
        var made = new LaneRecord(lane, alive ? found!.Owner : options.Value.Owner, now, seconds);
        var written = await registry.TxnAsync(
            new RegistryTxn(
                [new RegistryCompare.ModRevisionIs(key, entry?.ModRevision ?? 0)],
                [new RegistryOp.Put(key, LaneCodec.Encode(made))],
                []),
            cancellationToken);
        if (written.Succeeded && !alive)
        {
            logger.LaneMade(lane, made.Owner, seconds);
        }

        return null;
    }

    /// <summary>Whether a release has made the lane's instances of a service base, and the revision of that word (0: there is none).</summary>
    public async Task<(bool IsPromoted, long Revision)> PromotionAsync(string service, string lane, CancellationToken cancellationToken) =>
        await registry.GetAsync(RegistryKeys.Release(service), cancellationToken) is { } entry
            ? (ReleaseCodec.TryDecode(entry.Value.Span, out var release) && release.IsPromoted(lane), entry.ModRevision)
            : (false, 0);

    /// <summary>
    /// Declares the service in the lane unless an operator did. One made by registration is written again, so
    /// that a last instance that leaves at this moment sees its deletion's guard fail.
    /// </summary>
    /// <param name="releaseRevision">Of <see cref="PromotionAsync"/>: a release that moved since is not to find a declaration it took away.</param>
    public async Task DeclareAsync(string lane, string service, long releaseRevision, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Declaration(lane, service);
        var entry = await registry.GetAsync(key, cancellationToken);
        if (entry is { } there && !(LaneCodec.TryDecodeDeclaration(service, there.Value.Span, out var read) && read.DeclaredBy == ByRegistration))
        {
            return;
        }

        var declaration = LaneCodec.Encode(new LaneDeclaration(service, ByRegistration, Park));
        await registry.TxnAsync(
            new RegistryTxn(
                [
                    new RegistryCompare.ModRevisionIs(key, entry?.ModRevision ?? 0),
                    new RegistryCompare.ModRevisionIs(RegistryKeys.Release(service), releaseRevision),
                ],
                [new RegistryOp.Put(key, declaration)],
                []),
            cancellationToken);
    }

    /// <summary>After this instance's key is gone: takes the declaration back if registration made it and nobody of the service is left in the lane.</summary>
    public async Task LeaveAsync(string lane, string service, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Declaration(lane, service);
        if (await registry.GetAsync(key, cancellationToken) is not { } entry
            || !LaneCodec.TryDecodeDeclaration(service, entry.Value.Span, out var declaration)
            || declaration.DeclaredBy != ByRegistration)
        {
            return;
        }

        var listing = await registry.ListAsync(RegistryKeys.InstancesOf(service), cancellationToken);
        if (listing.Entries.Any(other => RegistryDecoder.TryDecode(other, out var decoded) && decoded is DecodedEntry.Instance found && found.Record.Lane == lane))
        {
            return;
        }

        await registry.TxnAsync(
            new RegistryTxn(
                [new RegistryCompare.ModRevisionIs(key, entry.ModRevision)], [new RegistryOp.Delete(key)], []),
            cancellationToken);
    }
}
