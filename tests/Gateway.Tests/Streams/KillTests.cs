using System.Globalization;
using System.Net;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>A Gateway of its own process, killed with SIGKILL under its readers and started again on the same port and folder.</summary>
public sealed class KillTests : IAsyncLifetime
{
    private const string Endless = """{"tokens":100000,"tokensPerSecond":20}""";
    private const string Short = """{"tokens":6}""";
    private const int Workers = 6;

    private readonly TempFolder _data = new();
    private readonly int _port = FreePort.Next();
    private readonly HttpClient _client = new();
    private ModelHost? _model;
    private RealProcess? _gateway;

    public async Task InitializeAsync()
    {
        _client.BaseAddress = new Uri($"http://127.0.0.1:{_port}");
        _model = await ModelHost.StartAsync();
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _gateway!.DisposeAsync();
        await _model!.DisposeAsync();
        _client.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task Kill_UnderReaders_EachGetsTheRestOrOneCodedEnd()
    {
        // ended, read in part, not acknowledged
        var ended = await AskAllAsync("ended", Workers, Short);
        foreach (var reader in ended)
        {
            await reader.ReadAsync(3);
            await Eventually.TrueAsync(async () => await reader.User.StateAsync(reader.Version) == "done");
        }

        // acknowledged: gone, before and after
        var acknowledged = ended[0];
        Assert.Equal(HttpStatusCode.NoContent, (await acknowledged.User.AcknowledgeAsync(acknowledged.Version)).Status);

        // in mid-answer, with several readers each
        var running = await AskAllAsync("running", Workers, Endless);
        running = [.. running, .. running.Select(reader => reader.Beside())];
        foreach (var reader in running)
        {
            await reader.ReadAsync(4);
        }

        // accepted, and no worker has come to them
        var waiting = await AskAllAsync("waiting", 20, Short);
        var older = waiting[0];
        var newer = new Reader(older.User, await older.User.AskAsync("again", Short));

        _gateway!.Kill();
        await StartAsync();

        var all = ended.Skip(1).Concat(running).Concat(waiting).Append(newer).ToArray();
        await Task.WhenAll(all.Select(reader => reader.ReadToEndAsync()));
        Assert.All(all, reader => reader.AssertOnce());
        Assert.All(ended.Skip(1).Concat(running), reader => Assert.Contains("\"code\":\"INTERRUPTED\"", reader.Frames[^1].Data, StringComparison.Ordinal));
        Assert.All(waiting.Skip(1).Append(newer), reader => Assert.Equal(("stop", 9), (reader.Frames[^1].Event, reader.Frames.Count)));
        Assert.Equal(("superseded", $$"""{"by":"{{newer.Version}}"}"""), (older.Frames[^1].Event, older.Frames[^1].Data));

        using var current = await newer.User.FollowAsync("current");
        Assert.Equal(newer.Version, (await current.ReadAllAsync())[0].Id.Split(':')[0]);
        Assert.Equal(HttpStatusCode.NoContent, (await newer.User.AcknowledgeAsync(newer.Version)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await acknowledged.User.AcknowledgeAsync(acknowledged.Version)).Status);
        using var gone = await acknowledged.User.FollowAsync(acknowledged.Version);
        Assert.Equal(HttpStatusCode.Gone, gone.Status);
        Assert.Equal(Workers + Workers + 20, _model!.Calls.Calls); // no model is asked a second time; the superseded one was never asked
    }

    private async Task StartAsync()
    {
        _gateway = RealProcess.Dotnet(
            "Fairway.Gateway.dll", "--port", _port.ToString(CultureInfo.InvariantCulture), "--data", _data["data"], "--jwt-secret", StreamHost.Secret,
            $"--Models:demo:BaseUrl={_model!.BaseUrl}", $"--Streams:MaxConcurrent={Workers}");
        await _gateway.WaitForLineAsync(line => line.StartsWith("READY ", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
    }

    private async Task<Reader[]> AskAllAsync(string name, int users, string knobs) => await Task.WhenAll(Enumerable.Range(0, users).Select(async index =>
    {
        var user = StreamUser.Of(_client, $"{name}-{index}");
        return new Reader(user, await user.AskAsync("tides", knobs));
    }));

    /// <summary>Comes back with its position until it has a terminal, as an EventSource does.</summary>
    private sealed class Reader(StreamUser user, string version)
    {
        private readonly SseParser _whole = new();

        public StreamUser User => user;

        public string Version => version;

        public List<Received> Frames => _whole.Frames;

        public Reader Beside() => new(user, version);

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
}
