using Fairway.Registry;
using Fairway.Registry.Membership;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Fairway.Silo.Orleans;

/// <summary>
/// Orleans's membership in <see cref="EtcdMembershipStore"/>. A silo that stops while the registry is away does not wait for it: it
/// tells the others itself, and those it cannot reach find it dead by their probes.
/// </summary>
internal sealed class EtcdMembershipTable(
    IRegistry registry, IOptions<ClusterOptions> cluster, IHostApplicationLifetime lifetime, ILogger<EtcdMembershipTable> logger)
    : IMembershipTable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly EtcdMembershipStore _store = new(registry, cluster.Value.ClusterId);
    private volatile MembershipTableData? _last;

    private bool MayLeave => _last is not null && lifetime.ApplicationStopping.IsCancellationRequested;

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
                return _last = (await _store.ReadAllAsync()).ToData();
            }
            catch (RegistryException away) when (away.Error == RegistryError.Away && _last is null)
            {
                logger.WaitingForRegistry(away.Message);
                await Task.Delay(RetryDelay, TimeProvider.System);
            }
            catch (RegistryException away) when (away.Error == RegistryError.Away && MayLeave)
            {
                logger.LeavingWithoutRegistry(away.Message);
                return _last!;
            }
        }
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        _store.InsertAsync(entry.ToRow(), tableVersion.Version, tableVersion.VersionEtag);

    public async Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
    {
        try
        {
            return await _store.UpdateAsync(entry.ToRow(), etag, tableVersion.Version, tableVersion.VersionEtag);
        }
        catch (RegistryException away) when (away.Error == RegistryError.Away && MayLeave)
        {
            return true;
        }
    }

    public Task UpdateIAmAlive(MembershipEntry entry) => _store.SayAliveAsync(entry.SiloAddress.ToParsableString(), entry.IAmAliveTime);
}
