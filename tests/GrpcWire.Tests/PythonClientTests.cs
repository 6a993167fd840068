using System.Text.Json;
using Fairway.GrpcWire.Tests.Messages;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.GrpcWire.Tests;

/// <summary>The server against a client of grpcio.</summary>
public sealed class PythonClientTests(PythonClientTests.Fixture fixture) : IClassFixture<PythonClientTests.Fixture>
{
    [Fact]
    public void Unary_Ok_CarriesMetadataBothWays()
    {
        var result = fixture.Result("unary");

        Assert.Equal(Hex("abc"), result.GetProperty("hex").GetString());
        Assert.Equal("OK", result.GetProperty("code").GetString());
        Assert.Equal("t", result.GetProperty("trailers").GetProperty("text").GetString());
        Assert.Equal("00ff", result.GetProperty("trailers").GetProperty("data-bin").GetString());
    }

    [Fact]
    public void ServerStreaming_Many_AllArrive() =>
        Assert.Equal([Hex("m0"), Hex("m1"), Hex("m2")], Strings(fixture.Result("many")));

    [Fact]
    public void Duplex_PingPong_EachIsAnswered() =>
        Assert.Equal([Hex("q0"), Hex("q1"), Hex("q2"), Hex("q3"), Hex("q4")], Strings(fixture.Result("chat")));

    [Fact]
    public void ServerStreaming_FailsAfterOne_TheClientSeesBoth()
    {
        var result = fixture.Result("half");

        Assert.Equal([Hex("h")], Strings(result.GetProperty("seen")));
        AssertStatus("half", "ABORTED", "enough");
    }

    [Fact]
    public async Task ServerStreaming_ClientCancels_TheHandlersTokenFires()
    {
        Assert.Equal("CANCELLED", fixture.Result("cancel").GetString());
        await fixture.Cancelled.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Unary_GrpcException_CarriesStatusTextAndTrailers()
    {
        AssertStatus("status", "FAILED_PRECONDITION", "100% überladen\n");
        Assert.Equal("7", fixture.Result("status").GetProperty("trailers").GetProperty("retry").GetString());
    }

    [Fact]
    public void Unary_OtherException_IsUnknownWithoutItsText()
    {
        AssertStatus("crash", "UNKNOWN");
        Assert.DoesNotContain("secret", fixture.Result("crash").GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing", "UNIMPLEMENTED")]
    [InlineData("deadline", "DEADLINE_EXCEEDED")]
    [InlineData("large", "RESOURCE_EXHAUSTED")]
    [InlineData("gzip", "UNIMPLEMENTED")]
    public void Unary_Refused_HasItsStatus(string name, string status) => AssertStatus(name, status);

    private void AssertStatus(string name, string code, string? details = null)
    {
        var result = fixture.Result(name);
        Assert.True(
            result.ValueKind == JsonValueKind.Object && result.GetProperty("code").GetString() == code,
            $"{name} should be {code}: {result}");
        if (details != null)
        {
            Assert.Equal(details, result.GetProperty("details").GetString());
        }
    }

    private static string Hex(string value) => Convert.ToHexStringLower(new Text { Value = value }.ToByteArray());

    private static IEnumerable<string?> Strings(JsonElement array) => array.EnumerateArray().Select(item => item.GetString());

    public sealed class Fixture : IAsyncLifetime
    {
        private readonly Dictionary<string, JsonElement> _results = [];
        private readonly TaskCompletionSource _cancelled = new();

        internal Task Cancelled => _cancelled.Task;

        public async Task InitializeAsync()
        {
            await using var server = await TestServer.StartAsync(
                Map, services => services.Configure<GrpcServerOptions>(options => options.MaxMessageBytes = 1 << 20));
            await using var client = PythonPeer.Start("client.py", server.Address.Authority);
            Assert.Equal(0, await client.WaitForExitAsync(TimeSpan.FromSeconds(30)));
            foreach (var line in client.Output.Split('\n').Where(line => line.StartsWith('{')))
            {
                var root = JsonDocument.Parse(line).RootElement;
                _results.Add(root.GetProperty("case").GetString()!, root.GetProperty("result"));
            }
        }

        public Task DisposeAsync() => Task.CompletedTask;

        internal JsonElement Result(string name) => _results[name];

        private static GrpcMethod<Text, Text> Method(string name) => new("fairway.test.Echo", name);

        private void Map(WebApplication app)
        {
            app.MapGrpcUnary(Echo.Unary, (request, context) =>
            {
                if (context.RequestHeaders.Contains("text"))
                {
                    context.ResponseTrailers.Add("text", context.RequestHeaders["text"]!);
                    context.ResponseTrailers.Add("data-bin", context.RequestHeaders.GetBinary("data-bin")!);
                }

                return Task.FromResult(request);
            });
            app.MapGrpcServerStreaming(Echo.Many, async (request, output, _) =>
            {
                for (var i = 0; i < 3; i++)
                {
                    await output.WriteAsync(new Text { Value = $"{request.Value}{i}" });
                }
            });
            app.MapGrpcDuplex(Echo.Chat, async (input, output, _) =>
            {
                await foreach (var message in input)
                {
                    await output.WriteAsync(message);
                }
            });
            app.MapGrpcServerStreaming(Method("Half"), async (request, output, _) =>
            {
                await output.WriteAsync(request);
                throw new GrpcException(GrpcStatus.Aborted, "enough");
            });
            app.MapGrpcServerStreaming(Method("Forever"), async (request, output, context) =>
            {
                using var seen = context.Cancellation.Register(() => _cancelled.TrySetResult());
                await output.WriteAsync(request);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Cancellation);
            });
            app.MapGrpcUnary(Method("Status"), Task<Text> (_, _) => throw new GrpcException(
                GrpcStatus.FailedPrecondition, "100% überladen\n", new GrpcMetadata { { "retry", "7" } }));
            app.MapGrpcUnary(Method("Crash"), Task<Text> (_, _) => throw new InvalidOperationException("secret"));
            app.MapGrpcUnary(Method("Slow"), async (request, context) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Cancellation);
                return request;
            });
            app.MapGrpcUnimplementedFallback();
        }
    }
}
