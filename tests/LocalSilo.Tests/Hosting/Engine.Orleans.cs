using System.Net;
using System.Net.Sockets;

namespace Fairway.LocalSilo.Tests;

internal static class Engine
{
    public static void Prepare(ISiloBuilder silo) => silo.UseLocalhostClustering(FreePort(), FreePort());

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
