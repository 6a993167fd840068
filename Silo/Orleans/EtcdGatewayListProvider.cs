using Fairway.Registry;
using Fairway.Registry.Membership;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Fairway.Silo.Orleans;

/// <summary>Where clients of the cluster connect: the active silos that take clients.</summary>
internal sealed class EtcdGatewayListProvider(IRegistry registry, IOptions<ClusterOptions> cluster, IOptions<GatewayOptions> options) : IGatewayListProvider
{
    private readonly EtcdMembershipStore _store = new(registry, cluster.Value.ClusterId);

    public TimeSpan MaxStaleness => options.Value.GatewayListRefreshPeriod;

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public async Task<IList<Uri>> GetGateways() =>
    [
        .. (await _store.ReadAllAsync()).Rows
            .Select(tagged => tagged.Row)
            .Where(row => row is { Status: nameof(SiloStatus.Active), ProxyPort: not 0 })
            .Select(row => (Silo: SiloAddress.FromParsableString(row.Silo), row.ProxyPort))
            .Select(row => SiloAddress.New(row.Silo.Endpoint.Address, row.ProxyPort, row.Silo.Generation).ToGatewayUri()),
    ];
}
