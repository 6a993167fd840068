using System.Net;
using System.Net.Sockets;

namespace Fairway.Micro;

internal static partial class BenchSilo
{
    public const string Engine = "orleans";

    private static void Prepare(ISiloBuilder silo) => silo.UseLocalhostClustering(FreePort(), FreePort());

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
