using Fairway.Registry;
using Fairway.Registry.Membership;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Fairway.Silo.Orleans;

/// <summary>Orleans's membership in <see cref="EtcdMembershipStore"/>.</summary>
internal sealed class EtcdMembershipTable(IRegistry registry, IOptions<ClusterOptions> cluster) : IMembershipTable
{
    private readonly EtcdMembershipStore _store = new(registry, cluster.Value.ClusterId);

    /// <summary>A table comes to be with its first row; here only whether the registry answers is found out.</summary>
    public Task InitializeMembershipTable(bool tryInitTableVersion) => _store.ReadAllAsync();

    public Task DeleteMembershipTableEntries(string clusterId) => new EtcdMembershipStore(registry, clusterId).DeleteAsync();

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        _store.CleanUpAsync(beforeDate.UtcDateTime, nameof(SiloStatus.Active));

    public async Task<MembershipTableData> ReadRow(SiloAddress key) => (await _store.ReadRowAsync(key.ToParsableString())).ToData();

    public async Task<MembershipTableData> ReadAll() => (await _store.ReadAllAsync()).ToData();

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        _store.InsertAsync(entry.ToRow(), tableVersion.Version, tableVersion.VersionEtag);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        _store.UpdateAsync(entry.ToRow(), etag, tableVersion.Version, tableVersion.VersionEtag);

    public Task UpdateIAmAlive(MembershipEntry entry) => _store.SayAliveAsync(entry.SiloAddress.ToParsableString(), entry.IAmAliveTime);
}
