using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Core.Releases;
using Fairway.Gateway.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Releases;

/// <summary>Does to the registry what a release wants done. What is so already is not written again.</summary>
public sealed class ReleaseHand(IRegistry registry, DirectoryFeed feed, DirectoryStore directory, TimeProvider clock)
{
    /// <summary>The instances of a release's service as this Gateway shows them.</summary>
    public ReleaseFleet FleetOf(ReleasePlan plan)
    {
        var instances = directory.Current.Services.TryGetValue(plan.Service, out var entry) ? entry.Snapshot.Instances : [];
        var members = instances.ToLookup(view => view.Lane, MemberOf, StringComparer.Ordinal);
        return new ReleaseFleet([.. members[""]], [.. members[plan.Lane]]);
    }

    /// <summary>Does one effect that needs no executor; returns when this Gateway shows it.</summary>
    public async Task DoAsync(ReleasePlan plan, ReleaseEffect effect, CancellationToken cancellationToken)
    {
        var revision = effect switch
        {
            ReleaseEffect.OpenLane => await OpenAsync(plan, cancellationToken),
            ReleaseEffect.CloseLane => await DeleteAsync([RegistryKeys.Lane(plan.Lane)], [RegistryKeys.DeclarationsOf(plan.Lane)], cancellationToken),
            ReleaseEffect.Send(var ratio) => await SendAsync(plan, ratio, cancellationToken),
            ReleaseEffect.TakeOut(var targets) => await TakeOutAsync(plan, targets, cancellationToken),
            ReleaseEffect.BringBack(var targets) => await BringBackAsync(plan, targets, cancellationToken),
            ReleaseEffect.Promote => await PromoteAsync(plan, cancellationToken),
            _ => throw new ArgumentException($"{effect.GetType().Name} is an executor's.", nameof(effect)),
        };
        if (revision > 0)
        {
            await feed.CatchUpAsync(revision, [plan.Service], cancellationToken);
        }
    }

    private static ReleaseMember MemberOf(InstanceView view) => new(view.Id, view.Address, view.IsUsable)
    {
        Cpu = view.Cpu, Rps = view.Rps, LatencyMs = view.LatencyMs, ErrorRate = view.ErrorRate, InFlight = view.InFlight,
    };

    private static string Author(ReleasePlan plan) => $"release of {plan.Service}";

    private async Task<long> OpenAsync(ReleasePlan plan, CancellationToken cancellationToken)
    {
        var lane = RegistryKeys.Lane(plan.Lane);
        var declaration = RegistryKeys.Declaration(plan.Lane, plan.Service);
        var opened = await registry.TxnAsync(
            new RegistryTxn(
                [new RegistryCompare.ModRevisionIs(lane, 0)],
                [new RegistryOp.Put(lane, LaneCodec.Encode(new LaneRecord(plan.Lane, Author(plan), clock.GetUtcNow(), null)))],
                []),
            cancellationToken);
        var declared = await registry.TxnAsync(
            new RegistryTxn(
                [new RegistryCompare.ModRevisionIs(declaration, 0)],
                [new RegistryOp.Put(declaration, LaneCodec.Encode(new LaneDeclaration(plan.Service, "operator", "base")))],
                []),
            cancellationToken);
        return opened.Succeeded || declared.Succeeded ? declared.Revision : 0;
    }

    private async Task<long> SendAsync(ReleasePlan plan, int ratio, CancellationToken cancellationToken)
    {
        var key = RegistryKeys.Grey(plan.Service);
        var entry = await registry.GetAsync(key, cancellationToken);
        var rule = entry is { } there && OperatorCodec.TryDecodeGrey(there.Value.Span, out var read) ? read : null;
        if (rule is not null && rule.Target != plan.Lane)
        {
            return 0; // an operator's, set meanwhile
        }

        if (ratio == 0)
        {
            return rule is null ? 0 : await DeleteAsync([key], [], cancellationToken);
        }

        var wanted = (rule ?? new GreyRule { Target = plan.Lane, Salt = plan.Lane }) with { RatioPer10000 = ratio, Kill = false };
        return rule is { Kill: false } && rule.RatioPer10000 == ratio
            ? 0
            : await registry.PutAsync(key, OperatorCodec.Encode(wanted), cancellationToken: cancellationToken);
    }

    private async Task<long> TakeOutAsync(ReleasePlan plan, ImmutableArray<ReleaseTarget> targets, CancellationToken cancellationToken)
    {
        var revision = 0L;
        foreach (var target in targets)
        {
            var mark = new OfflineMark(target.Address, Author(plan), $"gives way to version {plan.Version}", null);
            var key = RegistryKeys.Offline(target.Address);
            var written = await registry.TxnAsync(
                new RegistryTxn([new RegistryCompare.ModRevisionIs(key, 0)], [new RegistryOp.Put(key, OperatorCodec.Encode(mark))], []), cancellationToken);
            revision = written.Succeeded ? written.Revision : revision;
        }

        return revision;
    }

    private async Task<long> BringBackAsync(ReleasePlan plan, ImmutableArray<ReleaseTarget> targets, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        foreach (var target in targets)
        {
            var key = RegistryKeys.Offline(target.Address);
            if (await registry.GetAsync(key, cancellationToken) is { } entry
                && OperatorCodec.TryDecodeOffline(target.Address, entry.Value.Span, out var mark) && mark.Author == Author(plan))
            {
                keys.Add(key);
            }
        }

        return keys.Count == 0 ? 0 : await DeleteAsync(keys, [], cancellationToken);
    }

    /// <summary>The declaration first: while any instance of the lane is left, requests with its label still go there.</summary>
    private async Task<long> PromoteAsync(ReleasePlan plan, CancellationToken cancellationToken)
    {
        var revision = await DeleteAsync([RegistryKeys.Declaration(plan.Lane, plan.Service)], [], cancellationToken);
        await feed.CatchUpAsync(revision, [plan.Service], cancellationToken);
        var listing = await registry.ListAsync(RegistryKeys.InstancesOf(plan.Service), cancellationToken);
        foreach (var entry in listing.Entries)
        {
            if (RegistryKey.TryParse(entry.Key, out var key) && key is InstanceKey named
                && InstanceCodec.TryDecode(named.Service, named.Id, entry.Value.Span, out var record) && record.Lane == plan.Lane)
            {
                var written = await registry.TxnAsync(
                    new RegistryTxn(
                        [new RegistryCompare.ModRevisionIs(entry.Key, entry.ModRevision)],
                        [new RegistryOp.Put(entry.Key, InstanceCodec.Encode(record with { Lane = "" }), entry.Lease)],
                        []),
                    cancellationToken);
                revision = Math.Max(revision, written.Revision);
            }
        }

        return revision;
    }

    private async Task<long> DeleteAsync(IEnumerable<string> keys, IEnumerable<string> prefixes, CancellationToken cancellationToken)
    {
        var deleted = await registry.TxnAsync(
            new RegistryTxn([], [.. keys.Select(key => new RegistryOp.Delete(key)), .. prefixes.Select(prefix => new RegistryOp.Delete(prefix, Prefix: true))], []),
            cancellationToken);
        return deleted.Revision;
    }
}
