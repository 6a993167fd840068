namespace Fairway.Testing;

/// <summary>One real etcd on free loopback ports.</summary>
public sealed class EtcdServer : RealServer
{
    private readonly Uri _peer = new($"http://127.0.0.1:{FreePort.Next()}");
    private readonly string _program;
    private readonly string[] _extraArguments;

    private EtcdServer(string[] extraArguments)
        : base("etcd")
    {
        _program = RealProcess.Find("etcd", "etcd-server");
        _extraArguments = extraArguments;
    }

    /// <summary>Where clients connect: gRPC over cleartext HTTP/2.</summary>
    public Uri Endpoint { get; } = new($"http://127.0.0.1:{FreePort.Next()}");

    /// <summary>Starts etcd and waits until it answers as healthy.</summary>
    /// <exception cref="InvalidOperationException">It is not installed, or did not start; the message says which.</exception>
    public static Task<EtcdServer> StartAsync(params string[] extraArguments) => BeginAsync(new EtcdServer(extraArguments));

    /// <summary>Writes a backup of the data to a file.</summary>
    public Task SnapshotAsync(string file) => EtcdCtlAsync("--endpoints", Endpoint.GetLeftPart(UriPartial.Authority), "snapshot", "save", file);

    /// <summary>Kills it, puts a backup in the place of its data, and starts it: same ports, same cluster id, an earlier history.</summary>
    public async Task RestoreAsync(string file)
    {
        Kill();
        Directory.Delete(Folder["data"], recursive: true);
        var peer = _peer.GetLeftPart(UriPartial.Authority);
        await EtcdCtlAsync(
            "snapshot", "restore", file, "--name", "test", "--data-dir", Folder["data"],
            "--initial-cluster", $"test={peer}", "--initial-advertise-peer-urls", peer);
        await RestartAsync();
    }

    protected override RealProcessStart Command()
    {
        var client = Endpoint.GetLeftPart(UriPartial.Authority);
        var peer = _peer.GetLeftPart(UriPartial.Authority);
        return new RealProcessStart(
            _program,
            [
                "--name", "test",
                "--data-dir", Folder["data"],
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
        };
    }

    protected override async Task<bool> AnswersAsync()
    {
        using var http = new HttpClient { BaseAddress = Endpoint, Timeout = TimeSpan.FromSeconds(1) };
        return (await http.GetStringAsync(new Uri("/health", UriKind.Relative))).Contains("\"true\"", StringComparison.Ordinal);
    }

    private static async Task EtcdCtlAsync(params string[] arguments)
    {
        await using var process = RealProcess.Start(new RealProcessStart(RealProcess.Find("etcdctl", "etcd-client"), arguments)
        {
            Environment = new Dictionary<string, string?> { ["ETCDCTL_API"] = "3" },
        });
        await Eventually.True(() => process.HasExited, TimeSpan.FromSeconds(30));
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"etcdctl {string.Join(' ', arguments)}: {process.ExitCode}\n{process.Output}");
        }
    }
}
