using System.Net;
using System.Net.Sockets;

namespace Fairway.Silo;

public static partial class FairwayEngine
{
    /// <summary>The name of the engine this was built for.</summary>
    public const string Name = "orleans";

    static partial void ConfigureEngine(ISiloBuilder silo, EngineOptions options)
    {
        var (siloPort, gatewayPort) = Ports(options);
        silo.UseLocalhostClustering(siloPort, gatewayPort, serviceId: options.ClusterId, clusterId: options.ClusterId);
    }

    /// <summary>Orleans wants numbers; both probes stay bound until both are known, so that they differ.</summary>
    private static (int Silo, int Gateway) Ports(EngineOptions options)
    {
        using var silo = new TcpListener(IPAddress.Loopback, options.SiloPort);
        using var gateway = new TcpListener(IPAddress.Loopback, options.GatewayPort);
        silo.Start();
        gateway.Start();
        return (((IPEndPoint)silo.LocalEndpoint).Port, ((IPEndPoint)gateway.LocalEndpoint).Port);
    }
}
