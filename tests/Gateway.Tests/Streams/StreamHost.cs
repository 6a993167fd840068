using Fairway.Testing;
using Microsoft.AspNetCore.Builder;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>A whole Gateway, the sample model, and a data folder that outlives restarts of the Gateway.</summary>
public sealed class StreamHost : IAsyncDisposable
{
    public const string Secret = "a secret that only tests know, and long enough";

    private readonly TempFolder _data = new();
    private readonly string[] _args;
    private readonly Action<WebApplicationBuilder> _configure;
    private int _users;
    private bool _isRunning;

    private StreamHost(ModelHost model, GatewayHost gateway, string[] args, Action<WebApplicationBuilder> configure) =>
        (Model, Gateway, _args, _configure) = (model, gateway, args, configure);

    public ModelHost Model { get; }

    public GatewayHost Gateway { get; private set; }

    /// <summary>The folder that outlives the Gateway.</summary>
    public string Data => _data["data"];

    public static Task<StreamHost> StartAsync(params string[] args) => StartAsync(_ => { }, args);

    public static async Task<StreamHost> StartAsync(Action<WebApplicationBuilder> configure, params string[] args)
    {
        var model = await ModelHost.StartAsync();
        var host = new StreamHost(model, null!, args, configure);
        await host.StartGatewayAsync();
        return host;
    }

    /// <summary>A user that no other test has.</summary>
    public StreamUser NewUser() => User($"user-{Interlocked.Increment(ref _users)}");

    public StreamUser User(string subject) => StreamUser.Of(Gateway.Client, subject);

    public async Task StartGatewayAsync()
    {
        Gateway = await GatewayHost.StartAsync(
            _configure,
            ["--jwt-secret", Secret, "--data", Data, $"--Models:demo:BaseUrl={Model.BaseUrl}", .. _args]);
        _isRunning = true;
    }

    /// <summary>A figure of <c>/metrics</c>, all labels summed; 0 where it is not there yet.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var text = await Gateway.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return text.Split('\n')
            .Where(line => line.StartsWith(name + ' ', StringComparison.Ordinal) || line.StartsWith(name + '{', StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Stops the Gateway gracefully.</summary>
    public async Task StopGatewayAsync()
    {
        if (_isRunning)
        {
            _isRunning = false;
            await Gateway.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopGatewayAsync();
        await Model.DisposeAsync();
        _data.Dispose();
    }
}

/// <summary>One of these for many tests; each uses a user of its own.</summary>
public sealed class StreamFixture : IAsyncLifetime
{
    private StreamHost? _host;

    public StreamHost Host => _host!;

    public async Task InitializeAsync() => _host = await StreamHost.StartAsync();

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }
}
