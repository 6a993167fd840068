using System.Globalization;
using System.Net;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>A Gateway of its own process, killed with SIGKILL under its readers and started again on the same port and folder.</summary>
internal sealed class KilledGateway : IAsyncDisposable
{
    private readonly TempFolder _data = new();
    private readonly int _port = FreePort.Next();
    private readonly HttpClient _client = new();
    private readonly string[] _args;
    private RealProcess? _gateway;

    private KilledGateway(ModelHost model, string[] args)
    {
        (Model, _args) = (model, args);
        _client.BaseAddress = new Uri($"http://127.0.0.1:{_port}");
    }

    public ModelHost Model { get; }

    public static async Task<KilledGateway> StartAsync(params string[] args)
    {
        var host = new KilledGateway(await ModelHost.StartAsync(), args);
        await host.StartAsync();
        return host;
    }

    public async Task KillAndStartAsync()
    {
        _gateway!.Kill();
        await StartAsync();
    }

    /// <summary>A user each asks, and has a reader.</summary>
    public async Task<KilledReader[]> AskAllAsync(string name, int users, string knobs) =>
        await Task.WhenAll(Enumerable.Range(0, users).Select(async index =>
        {
            var user = StreamUser.Of(_client, $"{name}-{index}");
            return new KilledReader(user, await user.AskAsync("tides", knobs));
        }));

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        await Model.DisposeAsync();
        _client.Dispose();
        _data.Dispose();
    }

    private async Task StartAsync()
    {
        _gateway = RealProcess.Dotnet(
            "Fairway.Gateway.dll",
            [
                "--port", _port.ToString(CultureInfo.InvariantCulture), "--data", _data["data"], "--jwt-secret", StreamHost.Secret,
                $"--Models:demo:BaseUrl={Model.BaseUrl}", "--Streams:DrainSeconds=0", .. _args,
            ]);
        await _gateway.WaitForLineAsync(line => line.StartsWith("READY ", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
    }
}

/// <summary>Comes back with its position until it has a terminal, as an EventSource does.</summary>
internal sealed class KilledReader(StreamUser user, string version)
{
    private readonly SseParser _whole = new();

    public StreamUser User => user;

    public string Version => version;

    public List<Received> Frames => _whole.Frames;

    public KilledReader Beside() => new(user, version);

    /// <summary>Takes so many frames, and loses the connection.</summary>
    public async Task ReadAsync(int frames)
    {
        using var connection = await user.FollowAsync(version);
        await connection.ReadAsync(parser => parser.Frames.Count >= frames);
        connection.Parser.Frames.RemoveRange(frames, connection.Parser.Frames.Count - frames);
        _whole.Take(connection.Parser);
    }

    public async Task ReadToEndAsync()
    {
        while (!_whole.HasEnded)
        {
            using var connection = await user.FollowAsync(version, _whole.LastId);
            Assert.True(connection.Status == HttpStatusCode.OK, $"{connection.Status} for {version} after {_whole.LastId}");
            await connection.ReadAllAsync();
            _whole.Take(connection.Parser);
        }
    }

    /// <summary>Deltas without gap or repeat from the start, and one terminal, which alone may leave offsets out.</summary>
    public void AssertOnce()
    {
        var deltas = Frames.Where(frame => !frame.IsTerminal).ToArray();
        Assert.Equal(Enumerable.Range(0, deltas.Length), deltas.Select(frame => frame.Offset));
        Assert.Equal(deltas.Length + 1, Frames.Count);
        Assert.True(Frames[^1].IsTerminal && Frames[^1].Offset >= deltas.Length);
        Assert.All(Frames, frame => Assert.StartsWith(version + ":", frame.Id, StringComparison.Ordinal));
    }
}
