using System.Net;
using System.Net.Sockets;

namespace Fairway.Testing;

/// <summary>
/// Loopback TCP ports for programs that cannot be told to bind port 0. They are taken below the range
/// the kernel gives to outgoing connections, so that none of those takes the port before the program does.
/// </summary>
public static class FreePort
{
    private const int First = 15000;
    private const int Last = 32000;

    private static readonly HashSet<int> Given = [];

    /// <summary>A port that is free now and that this process has not handed out before.</summary>
    public static int Next()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = Random.Shared.Next(First, Last);
            lock (Given)
            {
                if (Given.Contains(port) || !IsFree(port))
                {
                    continue;
                }

                Given.Add(port);
                return port;
            }
        }

        throw new InvalidOperationException($"No free loopback port between {First} and {Last}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
