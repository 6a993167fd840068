using System.Net.Sockets;
using System.Text;

namespace Fairway.Edge.Tests;

/// <summary>Bytes on a connection, as no well-behaved client sends them.</summary>
public sealed class RawRequest(int port) : IDisposable
{
    private readonly TcpClient _client = new("127.0.0.1", port);

    public NetworkStream Stream => _client.GetStream();

    /// <summary>Sends and reads until the peer closes.</summary>
    public async Task<string> SendAsync(string request)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        var answer = new MemoryStream();
        try
        {
            await Stream.WriteAsync(Encoding.Latin1.GetBytes(request), limit.Token);
            await Stream.CopyToAsync(answer, limit.Token);
        }
        catch (IOException)
        {
            // Cut off in the middle: what came before counts.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    public void Dispose() => _client.Dispose();
}
