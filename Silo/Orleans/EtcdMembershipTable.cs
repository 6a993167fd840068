using Fairway.Registry;
using Fairway.Registry.Membership;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Fairway.Silo.Orleans;

/// <summary>Orleans's membership in <see cref="EtcdMembershipStore"/>.</summary>
internal sealed class EtcdMembershipTable(IRegistry registry, IOptions<ClusterOptions> cluster, ILogger<EtcdMembershipTable> logger) : IMembershipTable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly EtcdMembershipStore _store = new(registry, cluster.Value.ClusterId);
    private volatile bool _wasRead;

    /// <summary>A table comes to be with its first row; here the silo only waits until the registry answers.</summary>
    public Task InitializeMembershipTable(bool tryInitTableVersion) => ReadAll();

    public Task DeleteMembershipTableEntries(string clusterId) => new EtcdMembershipStore(registry, clusterId).DeleteAsync();

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        _store.CleanUpAsync(beforeDate.UtcDateTime, nameof(SiloStatus.Active));

    public async Task<MembershipTableData> ReadRow(SiloAddress key) => (await _store.ReadRowAsync(key.ToParsableString())).ToData();

    /// <summary>Until it was read once, a registry that is away is waited for: Orleans gives a failure of its first reading for good.</summary>
    public async Task<MembershipTableData> ReadAll()
    {
        while (true)
        {
            try
            {
                var table = await _store.ReadAllAsync();
                _wasRead = true;
                return table.ToData();
            }
            catch (RegistryException away) when (away.Error == RegistryError.Away && !_wasRead)
            {
                logger.WaitingForRegistry(away.Message);
                await Task.Delay(RetryDelay, TimeProvider.System);
            }
        }
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        _store.InsertAsync(entry.ToRow(), tableVersion.Version, tableVersion.VersionEtag);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        _store.UpdateAsync(entry.ToRow(), etag, tableVersion.Version, tableVersion.VersionEtag);

    public Task UpdateIAmAlive(MembershipEntry entry) => _store.SayAliveAsync(entry.SiloAddress.ToParsableString(), entry.IAmAliveTime);
}
