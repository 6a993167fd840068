using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Fairway.Gateway.Streams;

/// <summary>
/// What the kernel is told of a reader's connection. A peer that lost its power or its network says nothing; heartbeats are sent to it,
/// and when none is acknowledged for a while, the kernel resets the connection (RFC 5482), long before its own retries end.
/// </summary>
internal static class ReaderSocket
{
    private const int Tcp = 6;
    private const int UserTimeout = 18; // TCP_USER_TIMEOUT of Linux

    /// <summary>Has no effect on connections that are no sockets, and no time-out on systems other than Linux.</summary>
    public static void Prepare(HttpContext context, ServingOptions options)
    {
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            return;
        }

        try
        {
            // Of what one reader may cost, the server's own buffer takes a quarter, and the kernel doubles what it is asked for.
            socket.SendBufferSize = options.ReaderMaxBytesBehind / 4;
            if (OperatingSystem.IsLinux())
            {
                socket.SetRawSocketOption(Tcp, UserTimeout, BitConverter.GetBytes((int)options.DeadReader.TotalMilliseconds));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // it is gone already
        }
    }
}
