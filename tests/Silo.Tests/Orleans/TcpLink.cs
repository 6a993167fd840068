using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>A way to a server that can be cut: connections break, and new ones are taken and answered by nobody.</summary>
internal sealed class TcpLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> _open = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _target;
    private readonly Task _accepting;
    private volatile bool _isCut;

    public TcpLink(Uri target)
    {
        _target = target;
        _listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    public Uri Url { get; }

    public void Cut()
    {
        _isCut = true;
        Drop();
    }

    public void Heal()
    {
        _isCut = false;
        Drop();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Drop();
        _stop.Dispose();
    }

    private void Drop()
    {
        foreach (var client in _open.Keys)
        {
            _open.TryRemove(client, out _);
            client.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _open.TryAdd(client, 0);
                _ = CarryAsync(client);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // disposed
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        if (_isCut)
        {
            return;
        }

        var server = new TcpClient();
        _open.TryAdd(server, 0);
        try
        {
            await server.ConnectAsync(_target.Host, _target.Port, _stop.Token);
            await Task.WhenAny(
                client.GetStream().CopyToAsync(server.GetStream(), _stop.Token), server.GetStream().CopyToAsync(client.GetStream(), _stop.Token));
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // cut, or one side is gone
        }
        finally
        {
            client.Dispose();
            server.Dispose();
        }
    }
}
