using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fairway.Sse;

/// <summary>Publishes to a channel of a peer without waiting for the answer; requests follow each other on one connection.</summary>
internal sealed class Publisher : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public Publisher(Uri url)
    {
        _socket.Connect(IPAddress.Loopback, url.Port);
        _ = DrainAsync();
    }

    public void Publish(int channel, ReadOnlySpan<byte> message)
    {
        Span<byte> request = stackalloc byte[512];
        var head = Encoding.ASCII.GetBytes($"POST /pub/{channel} HTTP/1.1\r\nHost: x\r\nContent-Length: {message.Length}\r\n\r\n", request);
        message.CopyTo(request[head..]);
        _socket.Send(request[..(head + message.Length)]);
    }

    public void Dispose() => _socket.Dispose();

    private async Task DrainAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await _socket.ReceiveAsync(buffer) > 0)
            {
                // the answers say nothing of the readers
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // closed
        }
    }
}
