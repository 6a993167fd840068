using System.Net;
using System.Net.Sockets;

namespace Fairway.Testing;

/// <summary>One real RabbitMQ node on free loopback ports with an epmd of its own. Starting takes 6 s on an idle machine: share it.</summary>
public sealed class RabbitMqServer : RealServer
{
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly int _distributionPort = FreePort.Next();
    private readonly int _epmdPort = FreePort.Next();
    private readonly string _node = $"test{Guid.NewGuid():N}@localhost";
    private readonly RealProcess _epmd;

    private RabbitMqServer()
        : base("RabbitMQ")
    {
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException("RabbitMQ is not installed. Install it with: apt-get install rabbitmq-server");
        }

        File.WriteAllText(Folder["rabbitmq.conf"], "log.console.level = warning\nvm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n");
        File.WriteAllText(Folder["plugins"], "[].\n");
        _epmd = RealProcess.Start(new RealProcessStart(RealProcess.Find("epmd", "erlang-base"), "-port", $"{_epmdPort}", "-address", "127.0.0.1"));
    }

    public int Port { get; } = FreePort.Next();

    /// <summary>Where clients connect, the default user's name and password included.</summary>
    public string Uri => $"amqp://guest:guest@127.0.0.1:{Port}/";

    protected override TimeSpan StartLimit => TimeSpan.FromMinutes(5);

    /// <summary>Starts RabbitMQ and waits until it takes connections.</summary>
    /// <exception cref="InvalidOperationException">It is not installed, or did not start; the message says which.</exception>
    public static Task<RabbitMqServer> StartAsync() => BeginAsync(new RabbitMqServer());

    public override Task StopAsync() => Process.StopAsync(StopLimit);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _epmd.DisposeAsync();
    }

    protected override RealProcessStart Command() => new(Program) { Environment = Environment(), WorkingDirectory = Folder.Path };

    // The listener is the last thing to start; it answers a greeting of AMQP 0-9-1 with a method frame, whose first byte is 1.
    protected override async Task<bool> AnswersAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), TimeProvider.System);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), limit.Token);
        await socket.SendAsync(new byte[] { (byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 0, 9, 1 }, limit.Token);
        var answer = new byte[1];
        return await socket.ReceiveAsync(answer, limit.Token) == 1 && answer[0] == 1;
    }

    private Dictionary<string, string?> Environment() => new()
    {
        ["HOME"] = Folder.Path,
        ["ERL_EPMD_PORT"] = $"{_epmdPort}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODENAME"] = _node,
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODE_PORT"] = $"{Port}",
        ["RABBITMQ_DIST_PORT"] = $"{_distributionPort}",
        ["RABBITMQ_MNESIA_BASE"] = Folder["mnesia"],
        ["RABBITMQ_LOG_BASE"] = Folder["log"],
        ["RABBITMQ_LOGS"] = "-",
        ["RABBITMQ_CONF_ENV_FILE"] = Folder["none"],
        ["RABBITMQ_CONFIG_FILE"] = Folder["rabbitmq.conf"],
        ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Folder["none.config"],
        ["RABBITMQ_GENERATED_CONFIG_DIR"] = Folder["config"],
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Folder["plugins"],
        ["RABBITMQ_PID_FILE"] = Folder["pid"],
        // The program itself, not a shell that waits for it; and no schedulers that spin on a shared machine.
        ["RABBITMQ_ALLOW_INPUT"] = "1",
        ["RABBITMQ_SERVER_START_ARGS"] = "-noinput",
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
    };
}
