using Fairway.GrpcWire.Tests.Messages;
using Fairway.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Fairway.GrpcWire.Tests;

/// <summary>What the client makes of answers, good and bad.</summary>
public sealed class ClientStatusTests
{
    private static readonly byte[] Empty = [0, 0, 0, 0, 0];

    [Theory]
    [InlineData(400, GrpcStatus.Internal)]
    [InlineData(401, GrpcStatus.Unauthenticated)]
    [InlineData(403, GrpcStatus.PermissionDenied)]
    [InlineData(404, GrpcStatus.Unimplemented)]
    [InlineData(429, GrpcStatus.Unavailable)]
    [InlineData(500, GrpcStatus.Unknown)]
    [InlineData(502, GrpcStatus.Unavailable)]
    [InlineData(503, GrpcStatus.Unavailable)]
    [InlineData(504, GrpcStatus.Unavailable)]
    [InlineData(204, GrpcStatus.Unknown)]
    public async Task UnaryAsync_HttpStatusWithoutGrpcStatus_IsMapped(int http, GrpcStatus expected)
    {
        await using var server = await RawServer.StartAsync(context =>
        {
            context.Response.StatusCode = http;
            return Task.CompletedTask;
        });

        Assert.Equal(expected, (await FailAsync(server)).Status);
    }

    [Fact]
    public async Task UnaryAsync_TrailersOnly_ReadsStatusTextAndMetadataFromTheHeaders()
    {
        await using var server = await RawServer.StartAsync(context =>
        {
            context.Response.StatusCode = 503;
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "5";
            context.Response.Headers["grpc-message"] = "no %E2%82%AC, 100%, %4";
            context.Response.Headers["data-bin"] = "AP8=,/w";
            return Task.CompletedTask;
        });

        var e = await FailAsync(server);

        Assert.Equal((GrpcStatus.NotFound, "no €, 100%, %4"), (e.Status, e.Detail));
        Assert.Equal([0, 255], e.Trailers.GetBinary("data-bin"));
        Assert.Equal(2, e.Trailers.GetAll("data-bin").Count());
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/grpc-web")]
    public async Task UnaryAsync_OtherContentType_IsUnknown(string contentType)
    {
        await using var server = await RawServer.StartAsync(context =>
        {
            context.Response.ContentType = contentType;
            return context.Response.WriteAsync("hello");
        });

        Assert.Equal(GrpcStatus.Unknown, (await FailAsync(server)).Status);
    }

    [Theory]
    [InlineData("17")]
    [InlineData("-1")]
    [InlineData("OK")]
    public async Task UnaryAsync_StatusOutsideTheTable_IsUnknown(string status)
    {
        await using var server = await RawServer.AnsweringAsync(Empty, status);

        var e = await FailAsync(server);

        Assert.Equal(GrpcStatus.Unknown, e.Status);
        Assert.Contains(status, e.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnaryAsync_NoStatusAtAll_IsUnknown()
    {
        await using var server = await RawServer.AnsweringAsync(Empty, status: null);

        Assert.Equal(GrpcStatus.Unknown, (await FailAsync(server)).Status);
    }

    [Theory]
    [InlineData("no message", new byte[0], null, GrpcStatus.Internal)]
    [InlineData("two messages", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, null, GrpcStatus.Internal)]
    [InlineData("cut prefix", new byte[] { 0, 0, 0 }, null, GrpcStatus.Internal)]
    [InlineData("cut message", new byte[] { 0, 0, 0, 0, 9, 1 }, null, GrpcStatus.Internal)]
    [InlineData("not protobuf", new byte[] { 0, 0, 0, 0, 2, 10, 9 }, null, GrpcStatus.Internal)]
    [InlineData("huge length", new byte[] { 0, 255, 255, 255, 255 }, null, GrpcStatus.ResourceExhausted)]
    [InlineData("above the limit", new byte[] { 0, 0, 64, 0, 1 }, null, GrpcStatus.ResourceExhausted)]
    [InlineData("compressed without encoding", new byte[] { 1, 0, 0, 0, 0 }, null, GrpcStatus.Internal)]
    [InlineData("compressed", new byte[] { 1, 0, 0, 0, 0 }, "gzip", GrpcStatus.Internal)]
    [InlineData("bad flag", new byte[] { 7, 0, 0, 0, 0 }, null, GrpcStatus.Internal)]
    public async Task UnaryAsync_MalformedBody_HasItsStatus(string what, byte[] body, string? encoding, GrpcStatus expected)
    {
        await using var server = await RawServer.AnsweringAsync(body, "0", encoding);

        var e = await FailAsync(server);

        Assert.True(expected == e.Status, $"{what} should be {expected}: {e.Message}");
    }

    [Fact]
    public async Task UnaryAsync_FailedInsideAMessage_GivesTheServersStatus()
    {
        await using var server = await RawServer.AnsweringAsync([0, 0, 0, 0, 9, 1], "10");

        Assert.Equal(GrpcStatus.Aborted, (await FailAsync(server)).Status);
    }

    [Fact]
    public async Task UnaryAsync_StatusAfterAMessage_TheStatusWins()
    {
        await using var server = await RawServer.AnsweringAsync(Empty, "15");

        Assert.Equal(GrpcStatus.DataLoss, (await FailAsync(server)).Status);
    }

    [Theory]
    [InlineData(1, GrpcStatus.Internal)]
    [InlineData(2, GrpcStatus.Internal)]
    [InlineData(7, GrpcStatus.Unavailable)]
    [InlineData(8, GrpcStatus.Cancelled)]
    [InlineData(11, GrpcStatus.ResourceExhausted)]
    [InlineData(12, GrpcStatus.PermissionDenied)]
    public async Task ServerStreaming_Reset_IsMappedFromItsErrorCode(int code, GrpcStatus expected)
    {
        await using var server = await RawServer.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(Empty);
            await context.Response.Body.FlushAsync();
            context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(code);
        });
        using var channel = new GrpcChannel(server.Address);

        var e = await Assert.ThrowsAsync<GrpcException>(async () =>
        {
            await foreach (var message in channel.ServerStreaming(Echo.Many, new Text()))
            {
            }
        });

        Assert.Equal(expected, e.Status);
    }

    [Fact]
    public async Task UnaryAsync_BinaryMetadataIsNotBase64_IsInternal()
    {
        await using var server = await RawServer.StartAsync(context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "5";
            context.Response.Headers["data-bin"] = "?";
            return Task.CompletedTask;
        });

        Assert.Equal(GrpcStatus.Internal, (await FailAsync(server)).Status);
    }

    [Fact]
    public async Task UnaryAsync_NothingListens_IsUnavailable()
    {
        using var channel = new GrpcChannel(new Uri($"http://127.0.0.1:{FreePort.Next()}"));

        var e = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Echo.Unary, new Text()));

        Assert.Equal(GrpcStatus.Unavailable, e.Status);
    }

    [Fact]
    public async Task UnaryAsync_ServerSpeaksHttp1Only_IsInternal()
    {
        await using var server = await TestServer.StartAsync(
            _ => { }, listen: listen => listen.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);

        Assert.Equal(GrpcStatus.Internal, (await FailAsync(server)).Status);
    }

    [Fact]
    public async Task UnaryAsync_RequestAboveTheLimit_IsRefusedBeforeSending()
    {
        var called = false;
        await using var server = await RawServer.StartAsync(_ =>
        {
            called = true;
            return Task.CompletedTask;
        });
        using var channel = new GrpcChannel(server.Address, new GrpcChannelOptions { MaxMessageBytes = 100 });

        var e = await Assert.ThrowsAsync<GrpcException>(
            () => channel.UnaryAsync(Echo.Unary, new Text { Value = new string('x', 100) }));

        Assert.Equal(GrpcStatus.ResourceExhausted, e.Status);
        Assert.False(called);
    }

    [Fact]
    public async Task UnaryAsync_Request_CarriesTheHeadersOfTheProtocol()
    {
        IHeaderDictionary? seen = null;
        await using var server = await RawServer.StartAsync(context =>
        {
            seen = new HeaderDictionary();
            foreach (var header in context.Request.Headers)
            {
                seen.Add(header);
            }

            return Task.CompletedTask;
        });
        using var channel = new GrpcChannel(server.Address);
        var options = new GrpcCallOptions
        {
            Deadline = TimeSpan.FromSeconds(90),
            Headers = new GrpcMetadata { { "Text", "a" }, { "text", "b" }, { "data-bin", new byte[] { 1 } }, { "expires", "x" } },
        };

        await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Echo.Unary, new Text(), options));

        Assert.Equal("application/grpc", seen!.ContentType);
        Assert.Equal("trailers", seen.TE);
        Assert.Equal("90000000u", seen["grpc-timeout"]);
        Assert.Equal("a, b", string.Join(", ", seen["text"].AsEnumerable()));
        Assert.Equal("AQ", seen["data-bin"]);
        Assert.Equal("x", seen["expires"]);
    }

    [Fact]
    public void Constructor_AddressThatIsNotHttp_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new GrpcChannel(new Uri("ftp://127.0.0.1")));
        Assert.Throws<ArgumentException>(() => new GrpcChannel(new Uri("/path", UriKind.Relative)));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new GrpcChannel(new Uri("http://127.0.0.1"), new GrpcChannelOptions { MaxMessageBytes = 0 }));
    }

    private static async Task<GrpcException> FailAsync(TestServer server)
    {
        using var channel = new GrpcChannel(server.Address);
        return await Assert.ThrowsAsync<GrpcException>(
            () => channel.UnaryAsync(Echo.Unary, new Text()).WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
