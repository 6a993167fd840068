using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Edge.Tests;

/// <summary>One instance of a service: answers who it is and what it got, unless the test says otherwise.</summary>
public sealed class Service : IAsyncDisposable
{
    private WebApplication? _app;
    private int _port;
    private int _requests;

    private Service(string id) => Id = id;

    public string Id { get; }

    public string Address => $"127.0.0.1:{_port}";

    /// <summary>Requests that arrived.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>What it does with a request; null echoes.</summary>
    public Func<HttpContext, Task>? Does { get; set; }

    public static async Task<Service> StartAsync(string id)
    {
        var service = new Service(id);
        await service.StartAsync();
        return service;
    }

    public static async Task<Service[]> StartAsync(params string[] ids) => await Task.WhenAll(ids.Select(StartAsync));

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSetting("urls", $"http://127.0.0.1:{_port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestHeaderCount = 1000);
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(context =>
        {
            Interlocked.Increment(ref _requests);
            return Does is { } does ? does(context) : EchoAsync(context, Id);
        });
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    /// <summary>Closes its port and its connections; it can be started again on the same port.</summary>
    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
        }
    }

    /// <summary>Its line in a snapshot.</summary>
    public JsonObject Line(string? lane = null, double weight = 1, string state = "ready", string protocol = "http", string zone = "", double? inFlight = 0) => new()
    {
        ["id"] = Id, ["address"] = Address, ["protocol"] = protocol, ["zone"] = zone, ["lane"] = lane, ["weight"] = weight, ["score"] = 10.0,
        ["cpu"] = 0.1, ["memoryGib"] = 0.1, ["inFlight"] = inFlight, ["latencyMs"] = 10.0, ["rps"] = 1.0, ["errorRate"] = 0.0, ["state"] = state, ["ageMs"] = 100,
    };

    public static async Task EchoAsync(HttpContext context, string id)
    {
        using var body = new StreamReader(context.Request.Body);
        var echo = new JsonObject
        {
            ["id"] = id,
            ["method"] = context.Request.Method,
            ["target"] = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget,
            ["headers"] = new JsonObject(context.Request.Headers.Select(header => KeyValuePair.Create(header.Key.ToLowerInvariant(), (JsonNode?)header.Value.ToString()))),
            ["body"] = await body.ReadToEndAsync(context.RequestAborted),
        };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(echo.ToJsonString(), context.RequestAborted);
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}

/// <summary>What a snapshot says of a service.</summary>
public static class Listing
{
    public static JsonObject Of(params JsonObject[] lines) => Of("scored", null, lines);

    public static JsonObject Of(string mode, JsonObject? policy, params JsonObject[] lines) => new()
    {
        ["mode"] = mode, ["policy"] = policy, ["panic"] = new JsonArray(), ["instances"] = new JsonArray([.. lines]),
    };
}
