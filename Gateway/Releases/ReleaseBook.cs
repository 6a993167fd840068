using Fairway.Core.Releases;
using Fairway.Gateway.Http;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Releases;

/// <summary>Releases in the registry, one a service, changed only from what was read.</summary>
public sealed class ReleaseBook(IRegistry registry)
{
    private const int Attempts = 16;

    /// <summary>The release of a service, running or over; null where there never was one.</summary>
    public async Task<(ReleaseRecord Record, long Revision)?> ReadAsync(string service, CancellationToken cancellationToken) =>
        await registry.GetAsync(RegistryKeys.Release(service), cancellationToken) is { } entry && ReleaseCodec.TryDecode(entry.Value.Span, out var record)
            ? (record, entry.ModRevision)
            : null;

    public async Task<IReadOnlyList<ReleaseRecord>> ListAsync(CancellationToken cancellationToken)
    {
        var listing = await registry.ListAsync(RegistryKeys.Releases, cancellationToken);
        return [.. listing.Entries.Select(entry => ReleaseCodec.TryDecode(entry.Value.Span, out var record) ? record : null).OfType<ReleaseRecord>()];
    }

    /// <summary>Enters a release unless one runs.</summary>
    /// <exception cref="ApiException"><c>RELEASE_RUNNING</c>.</exception>
    public async Task BeginAsync(ReleaseRecord begun, CancellationToken cancellationToken)
    {
        var service = begun.State.Plan.Service;
        var before = await ReadAsync(service, cancellationToken);
        if (before is { Record.State.IsOver: false } || !await WriteAsync(Remembering(begun, before?.Record), before?.Revision ?? 0, cancellationToken))
        {
            throw new ApiException(409, ReleaseCodes.Running, $"A release of '{service}' is under way; finish it or roll it back first.");
        }
    }

    /// <summary>Changes a release from what is there now. Returns what stands afterwards.</summary>
    /// <param name="change">Null for no change. May be asked again when another writer was faster.</param>
    /// <exception cref="ApiException"><c>NOT_SET</c>, <c>OVERTAKEN</c>.</exception>
    public async Task<ReleaseRecord> ChangeAsync(string service, Func<ReleaseRecord, ReleaseRecord?> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var (record, revision) = await ReadAsync(service, cancellationToken) ?? throw ApiException.NotSet("release");
            var changed = change(record);
            if (changed is null || await WriteAsync(changed, revision, cancellationToken))
            {
                return changed ?? record;
            }
        }

        throw new ApiException(409, "OVERTAKEN", "Other writes of the same release were faster; try again.");
    }

    private static ReleaseRecord Remembering(ReleaseRecord begun, ReleaseRecord? before)
    {
        if (before is null)
        {
            return begun;
        }

        var lanes = before.State.Phase == ReleasePhase.Done ? before.Promoted.Insert(0, before.State.Plan.Lane) : before.Promoted;
        return begun with { Promoted = [.. lanes.Where(lane => lane != begun.State.Plan.Lane).Distinct().Take(ReleaseCodec.MaxPromoted)] };
    }

    private async Task<bool> WriteAsync(ReleaseRecord record, long revision, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Release(record.State.Plan.Service);
        var written = await registry.TxnAsync(
            new RegistryTxn([new RegistryCompare.ModRevisionIs(key, revision)], [new RegistryOp.Put(key, ReleaseCodec.Encode(record))], []), cancellationToken);
        return written.Succeeded;
    }
}
