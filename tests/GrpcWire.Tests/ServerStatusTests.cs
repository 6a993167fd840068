using System.Net;
using System.Net.Http.Headers;
using Fairway.GrpcWire.Tests.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.GrpcWire.Tests;

/// <summary>What the server answers to requests, good and bad, seen without the client under test.</summary>
public sealed class ServerStatusTests
{
    private static readonly byte[] Empty = [0, 0, 0, 0, 0];

    [Theory]
    [InlineData("no message", new byte[0], null, "13")]
    [InlineData("two messages", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, null, "13")]
    [InlineData("cut prefix", new byte[] { 0, 0 }, null, "13")]
    [InlineData("cut message", new byte[] { 0, 0, 0, 0, 9, 1 }, null, "13")]
    [InlineData("not protobuf", new byte[] { 0, 0, 0, 0, 2, 10, 9 }, null, "13")]
    [InlineData("huge length", new byte[] { 0, 255, 255, 255, 255 }, null, "8")]
    [InlineData("above the limit", new byte[] { 0, 0, 0, 0, 101 }, null, "8")]
    [InlineData("compressed without encoding", new byte[] { 1, 0, 0, 0, 0 }, null, "13")]
    [InlineData("compressed", new byte[] { 1, 0, 0, 0, 0 }, "gzip", "12")]
    [InlineData("bad flag", new byte[] { 2, 0, 0, 0, 0 }, null, "13")]
    [InlineData("encoding named but not used", new byte[] { 0, 0, 0, 0, 0 }, "gzip", "0")]
    public async Task Request_Body_HasItsStatus(string what, byte[] body, string? encoding, string status)
    {
        await using var server = await EchoAsync(maxMessageBytes: 100);

        using var response = await PostAsync(server, Echo.Unary.Path, body, encoding: encoding);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(status == Status(response), $"{what} should be {status}, not {Status(response)}");
    }

    [Fact]
    public async Task Request_CompressedUnsupported_IsToldWhatIs()
    {
        await using var server = await EchoAsync();

        using var response = await PostAsync(server, Echo.Unary.Path, [1, 0, 0, 0, 0], encoding: "gzip");

        Assert.Equal("identity", response.Headers.GetValues("grpc-accept-encoding").Single());
    }

    [Theory]
    [InlineData("application/json", 415)]
    [InlineData("application/grpc-web", 415)]
    [InlineData("application/grpc+proto", 200)]
    [InlineData("application/grpc;x=y", 200)]
    public async Task Request_ContentType_IsCheckedAsTheProtocolSays(string contentType, int expected)
    {
        await using var server = await EchoAsync();

        using var response = await PostAsync(server, Echo.Unary.Path, Empty, contentType);

        Assert.Equal(expected, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("1s")]
    [InlineData("123456789S")]
    public async Task Request_MalformedTimeout_IsInternal(string timeout)
    {
        await using var server = await EchoAsync();

        using var response = await PostAsync(server, Echo.Unary.Path, Empty, headers: new() { ["grpc-timeout"] = timeout });

        Assert.Equal("13", Status(response));
    }

    [Theory]
    [InlineData("99999999H")]
    [InlineData("99999999n")]
    public async Task Request_ExtremeTimeout_IsTaken(string timeout)
    {
        await using var server = await EchoAsync();

        using var response = await PostAsync(server, Echo.Unary.Path, Empty, headers: new() { ["grpc-timeout"] = timeout });

        Assert.Equal("0", Status(response));
    }

    [Fact]
    public async Task Request_BinaryMetadataIsNotBase64_IsInternal()
    {
        await using var server = await EchoAsync();

        using var response = await PostAsync(server, Echo.Unary.Path, Empty, headers: new() { ["data-bin"] = "?" });

        Assert.Equal("13", Status(response));
    }

    [Theory]
    [InlineData("application/grpc", 200, "12")]
    [InlineData("text/plain", 404, null)]
    public async Task Request_UnknownPath_IsUnimplementedForGrpcOnly(string contentType, int http, string? status)
    {
        await using var server = await EchoAsync();

        using var response = await PostAsync(server, "/no.Such/Method.x", Empty, contentType);

        Assert.Equal((http, status), ((int)response.StatusCode, Status(response)));
    }

    [Fact]
    public async Task Handler_ResponseAboveTheLimit_IsResourceExhausted()
    {
        await using var server = await TestServer.StartAsync(
            app => app.MapGrpcUnary(Echo.Unary, (_, _) => Task.FromResult(new Text { Value = new string('x', 100) })),
            services => services.Configure<GrpcServerOptions>(options => options.MaxMessageBytes = 100));

        using var response = await PostAsync(server, Echo.Unary.Path, Empty);

        Assert.Equal("8", Status(response));
    }

    [Fact]
    public async Task Handler_FailsAfterMessages_StatusStandsInTheTrailers()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcServerStreaming(Echo.Many, async (request, output, context) =>
            {
                context.ResponseTrailers.Add("first", "1");
                await output.WriteAsync(request);
                throw new GrpcException(GrpcStatus.Aborted, " ü% ", new GrpcMetadata { { "second", "2" } });
            }));

        using var response = await PostAsync(server, Echo.Many.Path, Empty);

        Assert.False(response.Headers.Contains("grpc-status"));
        Assert.Equal("10", Status(response));
        Assert.Equal("%20%C3%BC%25%20", response.TrailingHeaders.GetValues("grpc-message").Single());
        Assert.Equal("1", response.TrailingHeaders.GetValues("first").Single());
        Assert.Equal("2", response.TrailingHeaders.GetValues("second").Single());
    }

    [Fact]
    public async Task Handler_FailsWithAVeryLongText_TheStatusStillArrives()
    {
        await using var server = await TestServer.StartAsync(app => app.MapGrpcUnary(
            Echo.Unary, Task<Text> (_, _) => throw new GrpcException(GrpcStatus.Aborted, new string('é', 100_000))));
        using var channel = new GrpcChannel(server.Address);

        var e = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Echo.Unary, new Text()));

        Assert.Equal(GrpcStatus.Aborted, e.Status);
        Assert.InRange(e.Detail.Length, 500, 1000);
    }

    [Fact]
    public async Task MapGrpcUnary_LimitNotPositive_IsRefusedAtStart() =>
        await Assert.ThrowsAnyAsync<ArgumentException>(() => EchoAsync(maxMessageBytes: 0));

    private static Task<TestServer> EchoAsync(int maxMessageBytes = 1000) => TestServer.StartAsync(
        app =>
        {
            app.MapGrpcUnary(Echo.Unary, (request, _) => Task.FromResult(request));
            app.MapGrpcUnimplementedFallback();
        },
        services => services.Configure<GrpcServerOptions>(options => options.MaxMessageBytes = maxMessageBytes));

    private static string? Status(HttpResponseMessage response) =>
        response.Headers.TryGetValues("grpc-status", out var head) ? head.Single()
        : response.TrailingHeaders.TryGetValues("grpc-status", out var tail) ? tail.Single()
        : null;

    private static async Task<HttpResponseMessage> PostAsync(
        TestServer server,
        string path,
        byte[] body,
        string contentType = "application/grpc",
        string? encoding = null,
        Dictionary<string, string>? headers = null)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (encoding != null)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }

        foreach (var (name, value) in headers ?? [])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await http.SendAsync(request);
    }
}
