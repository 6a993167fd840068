using System.Net;
using System.Net.Sockets;
using Fairway.Grains.Streams;
using Fairway.Registry.Etcd;
using Fairway.Silo.Jobs;
using Fairway.Silo.Orleans;
using Fairway.Silo.Orleans.Jobs;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Messaging;
using Orleans.Metadata;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Fairway.Silo;

public static partial class FairwayEngine
{
    /// <summary>The name of the engine this was built for.</summary>
    public const string Name = "orleans";

    static partial void CheckEngine(IHostApplicationBuilder builder, EngineOptions options)
    {
        if (options.Client && !HasEtcd(builder.Services))
        {
            throw new EngineException(
                EngineException.NoRegistry, "A process without a silo (--client) finds its cluster in etcd. Give --etcd URLS or the key Registry:Etcd:Endpoints.");
        }
    }

    internal static partial void NeedCluster(string what)
    {
    }

    static partial void ConfigureEngine(ISiloBuilder silo, EngineOptions options, JobStreamOptions? jobs)
    {
        var address = ClusterSettings.Resolve(options.AdvertisedAddress);
        var (siloPort, gatewayPort) = Ports(options, address);
        if (HasEtcd(silo.Services))
        {
            silo.Configure<ClusterOptions>(cluster => cluster.ClusterId = cluster.ServiceId = options.ClusterId);
            silo.ConfigureEndpoints(address, siloPort, gatewayPort, listenOnAnyHostAddress: !IPAddress.IsLoopback(address));
            silo.Configure<ClusterMembershipOptions>(membership => ClusterSettings.Apply(membership, options));
            silo.Services.AddSingleton<IMembershipTable, EtcdMembershipTable>();
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, RegistryWaker>();
        }
        else
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort, serviceId: options.ClusterId, clusterId: options.ClusterId);
        }

        if (options.Name is { Length: > 0 } name)
        {
            silo.Configure<SiloOptions>(own => own.SiloName = name);
        }

        silo.UseSiloMetadata(ClusterSettings.Metadata(options));
        silo.AddPlacementDirector<HistoryPlacement, HistoryPlacementDirector>();
        silo.Services.AddSingleton<IGrainPropertiesProvider, HistoryPlacementProperties>();
        silo.Services.AddSingleton<ClusterMotion>();
        silo.Services.Replace(ServiceDescriptor.Singleton<IClusterMotion>(services => services.GetRequiredService<ClusterMotion>()));
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<ClusterMotion>());
        silo.AddDashboard(dashboard => dashboard.HideTrace = true);
        if (jobs is not null)
        {
            silo.AddJobStream(jobs);
        }

        silo.Services.AddOptions<GrainTypeOptions>().PostConfigure<IServiceProviderIsService>(HostedGrains.Limit);
    }

    static partial void AddClient(IHostApplicationBuilder builder, EngineOptions options, JobStreamOptions? jobs) => builder.UseOrleansClient(client =>
    {
        client.Configure<ClusterOptions>(cluster => cluster.ClusterId = cluster.ServiceId = options.ClusterId);
        client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = ClusterSettings.RefreshPeriod);
        client.UseConnectionRetryFilter(ClusterSettings.RetryConnectAsync);
        client.AddDashboard(dashboard => dashboard.HideTrace = true);
        client.Services.AddSingleton<IClusterMotion, UnseenMotion>();
        client.Services.AddSingleton<IGatewayListProvider, EtcdGatewayListProvider>();
        if (jobs is not null)
        {
            client.AddJobStream(jobs);
        }
    });

    private static bool HasEtcd(IServiceCollection services) => services.Any(service => service.ServiceType == typeof(EtcdRegistry));

    /// <summary>Orleans wants numbers; both probes stay bound until both are known, so that they differ.</summary>
    private static (int Silo, int Gateway) Ports(EngineOptions options, IPAddress address)
    {
        var listen = IPAddress.IsLoopback(address) ? address : IPAddress.Any;
        using var silo = new TcpListener(listen, options.SiloPort);
        using var gateway = new TcpListener(listen, options.GatewayPort);
        silo.Start();
        gateway.Start();
        return (((IPEndPoint)silo.LocalEndpoint).Port, ((IPEndPoint)gateway.LocalEndpoint).Port);
    }
}
