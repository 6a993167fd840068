using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Tests.Client;

/// <summary>An instance that does with each request what a test says; by default it answers with its id.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Server(WebApplication app, string id)
    {
        _app = app;
        Id = id;
        Does = context => context.Response.WriteAsync(id);
    }

    public string Id { get; }

    public string Address => new Uri(_app.Urls.First()).Authority;

    public Func<HttpContext, Task> Does { get; set; }

    /// <summary>Each request that came: method, path and host.</summary>
    public ConcurrentQueue<string> Seen { get; } = new();

    public static async Task<Server> StartAsync(string id)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var instance = new Server(app, id);
        app.Run(context =>
        {
            instance.Seen.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Request.Host}");
            return instance.Does(context);
        });
        await app.StartAsync();
        return instance;
    }

    /// <summary>Cuts the connection after the request was read.</summary>
    public static Task Cut(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
