using Fairway.GrpcWire.Tests.Messages;
using Fairway.Testing;

namespace Fairway.GrpcWire.Tests;

/// <summary>The client against a server of grpcio.</summary>
public sealed class PythonServerTests(PythonServerTests.Fixture fixture) : IClassFixture<PythonServerTests.Fixture>
{
    [Fact]
    public async Task UnaryAsync_Echo_ReturnsTheMessage()
    {
        var sent = new Text { Value = "grüezi", Count = 3 };

        Assert.Equal(sent, await fixture.Channel.UnaryAsync(Echo.Unary, sent));
    }

    [Fact]
    public async Task ServerStreaming_Many_ReturnsAll()
    {
        var options = new GrpcCallOptions { Headers = new GrpcMetadata { { "count", "500" } } };
        var count = 0;

        await foreach (var message in fixture.Channel.ServerStreaming(Echo.Many, new Text { Value = "x" }, options))
        {
            Assert.Equal("x", message.Value);
            count++;
        }

        Assert.Equal(500, count);
    }

    [Fact]
    public async Task Duplex_PingPong_AnswersEach()
    {
        await using var call = fixture.Channel.Duplex(Echo.Chat);
        await using var answers = call.ReadAllAsync().GetAsyncEnumerator();

        for (var i = 0; i < 20; i++)
        {
            await call.WriteAsync(new Text { Count = i });
            Assert.True(await answers.MoveNextAsync());
            Assert.Equal(i, answers.Current.Count);
        }

        await call.CompleteAsync();
        Assert.False(await answers.MoveNextAsync());
    }

    [Fact]
    public async Task UnaryAsync_Aborted_CarriesStatusTextAndTrailers()
    {
        var options = new GrpcCallOptions
        {
            Deadline = TimeSpan.FromSeconds(60),
            Headers = new GrpcMetadata { { "text", "a, b" }, { "data-bin", new byte[] { 0, 255, 62 } } },
        };

        var e = await Assert.ThrowsAsync<GrpcException>(() => fixture.Channel.UnaryAsync(Method("Metadata"), new Text(), options));

        Assert.Equal((GrpcStatus.FailedPrecondition, "100% überladen\n"), (e.Status, e.Detail));
        Assert.Equal("a, b", e.Trailers["text"]);
        Assert.Equal([0, 255, 62], e.Trailers.GetBinary("data-bin"));
        Assert.Equal("60", e.Trailers["seconds"]);
    }

    [Fact]
    public async Task ServerStreaming_AbortedAfterOne_GivesItThenTheStatus()
    {
        await using var messages = fixture.Channel.ServerStreaming(Method("Half"), new Text { Value = "1" }).GetAsyncEnumerator();

        Assert.True(await messages.MoveNextAsync());
        var e = await Assert.ThrowsAsync<GrpcException>(async () => await messages.MoveNextAsync());
        Assert.Equal((GrpcStatus.Aborted, "enough"), (e.Status, e.Detail));
    }

    [Theory]
    [InlineData("Crash", GrpcStatus.Unknown)]
    [InlineData("Missing", GrpcStatus.Unimplemented)]
    public async Task UnaryAsync_ServerFails_CarriesItsStatus(string method, GrpcStatus status)
    {
        var e = await Assert.ThrowsAsync<GrpcException>(() => fixture.Channel.UnaryAsync(Method(method), new Text()));

        Assert.Equal(status, e.Status);
    }

    [Fact]
    public async Task UnaryAsync_PastItsDeadline_IsDeadlineExceeded()
    {
        var e = await Assert.ThrowsAsync<GrpcException>(() => fixture.Channel.UnaryAsync(
            Method("Slow"), new Text(), new GrpcCallOptions { Deadline = TimeSpan.FromMilliseconds(200) }));

        Assert.Equal(GrpcStatus.DeadlineExceeded, e.Status);
    }

    [Fact]
    public async Task ServerStreaming_LeftEarly_TheServerSeesItCancelled()
    {
        await foreach (var message in fixture.Channel.ServerStreaming(Method("WaitCancel"), new Text()))
        {
            break;
        }

        await fixture.Process.WaitForLineAsync(line => line == "CANCELLED", TimeSpan.FromSeconds(30));
    }

    private static GrpcMethod<Text, Text> Method(string name) => new("fairway.test.Echo", name);

    public sealed class Fixture : IAsyncLifetime
    {
        internal RealProcess Process { get; private set; } = null!;

        internal GrpcChannel Channel { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Process = PythonPeer.Start("server.py");
            var port = (await Process.WaitForLineAsync(line => line.StartsWith("PORT ", StringComparison.Ordinal)))["PORT ".Length..];
            Channel = new GrpcChannel(new Uri($"http://127.0.0.1:{port}"));
        }

        public async Task DisposeAsync()
        {
            Channel.Dispose();
            await Process.DisposeAsync();
        }
    }
}
