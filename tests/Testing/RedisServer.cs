namespace Fairway.Testing;

/// <summary>A real Redis on a free loopback port, in memory only: it comes back empty.</summary>
public sealed class RedisServer : RealServer
{
    private readonly string _program = RealProcess.Find("redis-server", "redis-server");

    private RedisServer()
        : base("Redis")
    {
    }

    public int Port { get; } = FreePort.Next();

    /// <summary><c>host:port</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <exception cref="InvalidOperationException">It is not installed, or did not start; the message says which.</exception>
    public static Task<RedisServer> StartAsync() => BeginAsync(new RedisServer());

    protected override RealProcessStart Command() =>
        new(_program, "--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", Folder.Path);

    protected override Task<bool> AnswersAsync() => NginxServer.IsOpenAsync(Port);
}
