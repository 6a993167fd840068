namespace Fairway.Testing;

/// <summary>A real Redis on a free loopback port, in memory only. It keeps its port over <see cref="Kill"/> and <see cref="RestartAsync"/>.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _program = RealProcess.Find("redis-server", "redis-server");
    private RealProcess? _process;

    private RedisServer()
    {
    }

    public int Port { get; } = FreePort.Next();

    /// <summary><c>host:port</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    public RealProcess Process => _process ?? throw new InvalidOperationException("Redis is not started.");

    /// <exception cref="InvalidOperationException">It is not installed, or did not start; the message says which.</exception>
    public static async Task<RedisServer> StartAsync()
    {
        var server = new RedisServer();
        try
        {
            await server.RestartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL: its data is gone.</summary>
    public void Kill() => Process.Kill();

    /// <summary>SIGSTOP: it takes connections and answers nothing.</summary>
    public void Freeze() => Process.Freeze();

    public void Resume() => Process.Resume();

    /// <summary>Starts it, empty, on the same port.</summary>
    public async Task RestartAsync()
    {
        if (_process != null)
        {
            await _process.DisposeAsync();
        }

        _process = RealProcess.Start(new RealProcessStart(
            _program, "--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder.Path));
        await _process.WaitReadyAsync(() => NginxServer.IsOpenAsync(Port));
    }

    public async ValueTask DisposeAsync()
    {
        if (_process != null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }
}
