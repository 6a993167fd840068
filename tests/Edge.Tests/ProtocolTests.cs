using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Fairway.Edge.Tests;

/// <summary>What is not a plain request: WebSocket, gRPC, server-sent events, a shared cache.</summary>
public sealed class ProtocolTests : IAsyncLifetime
{
    private ScriptedGateway _gateway = null!;
    private Service _service = null!;

    public async Task InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        _service = await Service.StartAsync("one");
        _gateway.Put("orders", Listing.Of(_service.Line()));
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task WebSocket_ThroughTheEdge_CarriesBothWaysAndCountsAsInFlight()
    {
        _service.Does = async context =>
        {
            using var server = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1024];
            while (await server.ReceiveAsync(buffer, default) is { MessageType: WebSocketMessageType.Text } got)
            {
                await server.SendAsync(buffer.AsMemory(0, got.Count), WebSocketMessageType.Text, true, default);
            }

            await server.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        };
        await using var edge = await EdgeServer.StartAsync(_gateway.Endpoint);
        await edge.ReadyAsync();
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{edge.Port}/orders/socket"), default);

        foreach (var word in new[] { "one", "two", "three" })
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(word), WebSocketMessageType.Text, true, default);
            var buffer = new byte[64];
            var got = await socket.ReceiveAsync(buffer, default);
            Assert.Equal(word, Encoding.UTF8.GetString(buffer, 0, got.Count));
        }

        Assert.Equal(1, await InFlightAsync(edge));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        await Eventually.TrueAsync(async () => await InFlightAsync(edge) == 0);
    }

    [Fact]
    public async Task Grpc_ToAnInstanceOfThatProtocol_CarriesMessagesAndTrailers()
    {
        await using var server = await GrpcEcho.StartAsync();
        var line = _service.Line(protocol: "grpc");
        (line["id"], line["address"]) = ("rpc", server.Address);
        _gateway.Put("orders", Listing.Of(_service.Line(), line));
        await using var edge = await StartWithGrpcAsync();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{edge.GrpcPort}") };

        foreach (var (path, service) in new[] { ("/orders/echo.Echo/Say", (string?)null), ("/echo.Echo/Say", "orders") })
        {
            using var response = await CallAsync(client, path, service);
            Assert.Equal([0, 0, 0, 0, 3, 1, 2, 3], await response.Content.ReadAsByteArrayAsync());
            Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
            Assert.Equal("/echo.Echo/Say", response.Headers.GetValues("x-path").Single());
        }

        Assert.Equal("one", (await edge.GetAsync("/orders/")).Id); // HTTP goes to the instance that speaks it
    }

    [Fact]
    public async Task Grpc_NobodySpeaksIt_IsUnavailableWithTheCode()
    {
        await using var edge = await StartWithGrpcAsync();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{edge.GrpcPort}") };

        using var response = await CallAsync(client, "/orders/echo.Echo/Say", null);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("14", response.Headers.GetValues("grpc-status").Single());
        Assert.StartsWith("NO_PROVIDER: ", response.Headers.GetValues("grpc-message").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_OfAGateway_ArriveAsTheyAreWritten()
    {
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var events = await Service.StartAsync("events");
        events.Does = async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: first\n\n");
            await context.Response.Body.FlushAsync();
            await second.Task;
            await context.Response.WriteAsync("data: second\n\n");
        };
        _gateway.Set("gateways", new JsonArray(new JsonObject { ["id"] = "events", ["address"] = events.Address, ["version"] = "1" }));
        await using var edge = await EdgeServer.StartAsync(_gateway.Endpoint);
        await edge.ReadyAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/streams/current/events");
        request.Headers.Add("Authorization", $"Bearer {Tokens.Of("ann")}");
        using var response = await edge.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        Assert.Equal("data: first", await reader.ReadLineAsync()); // while the second is not written yet
        second.SetResult();
        Assert.Equal("", await reader.ReadLineAsync());
        Assert.Equal("data: second", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Cache_SwitchedOn_VariesByTheLabel()
    {
        await using var blue = await Service.StartAsync("blue");
        _gateway.SetLanes(("blue", ["orders"]));
        _gateway.Set("grey", new JsonObject
        {
            ["orders"] = new JsonObject { ["target"] = "blue", ["salt"] = "", ["kill"] = false, ["whitelist"] = new JsonArray(), ["regions"] = new JsonArray("eu"), ["ratioPer10000"] = 0 },
        });
        _gateway.Put("orders", Listing.Of(_service.Line(), blue.Line("blue")));
        foreach (var service in new[] { _service, blue })
        {
            service.Does = context =>
            {
                context.Response.Headers.CacheControl = "max-age=60";
                return Service.EchoAsync(context, service.Id);
            };
        }

        await using var edge = await EdgeServer.StartAsync(_gateway.Endpoint, ("Edge__CacheMib", "8"), ("Edge__TrustedProxies", "127.0.0.1"));
        await edge.ReadyAsync();

        foreach (var (status, base_, lane) in new[] { ("MISS", "one", "blue"), ("HIT", "one", "blue") })
        {
            var plain = await edge.GetAsync("/orders/page");
            var eu = await edge.GetAsync("/orders/page", ("x-region", "eu"));
            Assert.Equal((base_, lane), (plain.Id, eu.Id));
            Assert.Equal((status, status), (plain.Headers["x-fairway-cache"], eu.Headers["x-fairway-cache"]));
        }
    }

    private async Task<EdgeServer> StartWithGrpcAsync()
    {
        var port = FreePort.Next();
        var edge = await EdgeServer.StartAsync(_gateway.Endpoint, ("Edge__GrpcPort", $"{port}"));
        edge.GrpcPort = port;
        await edge.ReadyAsync();
        return edge;
    }

    private static async Task<HttpResponseMessage> CallAsync(HttpClient client, string path, string? service)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 3, 1, 2, 3]),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        if (service is not null)
        {
            request.Headers.TryAddWithoutValidation("x-fairway-service", service);
        }

        return await client.SendAsync(request);
    }

    private static async Task<int> InFlightAsync(EdgeServer edge) =>
        (await edge.StatusAsync()).GetProperty("services").GetProperty("orders").GetProperty("instances")[0].GetProperty("inFlight").GetInt32();

    /// <summary>A server of HTTP/2 alone that gives a message back, with trailers.</summary>
    private sealed class GrpcEcho(WebApplication app) : IAsyncDisposable
    {
        public string Address => new Uri(app.Urls.Single()).Authority;

        public static async Task<GrpcEcho> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
            var app = builder.Build();
            app.Run(async context =>
            {
                context.Response.ContentType = "application/grpc";
                context.Response.Headers["x-path"] = context.Request.Path.Value;
                context.Response.DeclareTrailer("grpc-status");
                await context.Request.Body.CopyToAsync(context.Response.Body);
                context.Response.AppendTrailer("grpc-status", "0");
            });
            await app.StartAsync();
            return new GrpcEcho(app);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
