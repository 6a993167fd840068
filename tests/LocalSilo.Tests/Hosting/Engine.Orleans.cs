using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;

namespace Fairway.LocalSilo.Tests;

internal static class Engine
{
    public static void Prepare(ISiloBuilder silo) => silo.UseLocalhostClustering(FreePort(), FreePort());

    /// <summary>
    /// For tests of time-outs. Orleans looks for calls past their time when the clock of the messages says so, but measures
    /// how long they have waited by the stopwatch of the machine (its CallbackData), which no test can move.
    /// </summary>
    public static void ShortenWaits(ISiloBuilder silo) =>
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(3));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
