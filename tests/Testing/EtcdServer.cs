namespace Fairway.Testing;

/// <summary>
/// One real etcd on free loopback ports with a temporary data folder. It keeps ports and data over
/// <see cref="Kill"/> and <see cref="RestartAsync"/>.
/// </summary>
public sealed class EtcdServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Uri _peer = new($"http://127.0.0.1:{FreePort.Next()}");
    private readonly string _program;
    private readonly string[] _extraArguments;
    private RealProcess? _process;

    private EtcdServer(string[] extraArguments)
    {
        _program = RealProcess.Find("etcd", "etcd-server");
        _extraArguments = extraArguments;
    }

    /// <summary>Where clients connect: gRPC over cleartext HTTP/2.</summary>
    public Uri Endpoint { get; } = new($"http://127.0.0.1:{FreePort.Next()}");

    public RealProcess Process => _process ?? throw new InvalidOperationException("etcd is not started.");

    /// <summary>Starts etcd and waits until it answers as healthy.</summary>
    /// <exception cref="InvalidOperationException">It is not installed, or did not start; the message says which.</exception>
    public static async Task<EtcdServer> StartAsync(params string[] extraArguments)
    {
        var server = new EtcdServer(extraArguments);
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

    /// <summary>SIGKILL: no goodbye to clients; the data stays.</summary>
    public void Kill() => Process.Kill();

    /// <summary>Stops it with SIGTERM; the data stays.</summary>
    public Task StopAsync() => Process.StopAsync();

    public void Freeze() => Process.Freeze();

    public void Resume() => Process.Resume();

    /// <summary>Starts it on the same ports and data, stopping it before if it still runs.</summary>
    public async Task RestartAsync()
    {
        if (_process != null)
        {
            await _process.DisposeAsync();
        }

        var client = Endpoint.GetLeftPart(UriPartial.Authority);
        var peer = _peer.GetLeftPart(UriPartial.Authority);
        _process = RealProcess.Start(new RealProcessStart(
            _program,
            [
                "--name", "test",
                "--data-dir", _folder["data"],
                "--listen-client-urls", client,
                "--advertise-client-urls", client,
                "--listen-peer-urls", peer,
                "--initial-advertise-peer-urls", peer,
                "--initial-cluster", $"test={peer}",
                "--unsafe-no-fsync",
                .. _extraArguments,
            ])
        {
            // Settings of the developer's shell must not reach the server.
            Environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
                .Where(name => name.StartsWith("ETCD_", StringComparison.Ordinal))
                .ToDictionary(name => name, _ => (string?)null),
        });
        using var http = new HttpClient { BaseAddress = Endpoint, Timeout = TimeSpan.FromSeconds(1) };
        await _process.WaitReadyAsync(async () =>
            (await http.GetStringAsync(new Uri("/health", UriKind.Relative))).Contains("\"true\"", StringComparison.Ordinal));
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
