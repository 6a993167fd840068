using System.Net;
using System.Net.Sockets;

namespace Fairway.Sdk.Orleans.Tests;

internal sealed partial class SiloHost
{
    static partial void Prepare(ISiloBuilder silo) => silo.UseLocalhostClustering(FreePort(), FreePort());

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
