using System.Collections.Concurrent;
using System.Text;
using Fairway.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Gateway.Tests.Generation;

/// <summary>The sample model in this process under <c>/v1</c>, and under <c>/raw</c> one that does what a test says.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ModelServer(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public CallFigures Figures => _app.Services.GetRequiredService<CallStatistics>().Read();

    /// <summary>What <c>/raw/chat/completions</c> does.</summary>
    public Func<HttpContext, Task> Raw { get; set; } = _ => Task.CompletedTask;

    public ConcurrentQueue<(string Body, IHeaderDictionary Headers)> Requests { get; } = new();

    public static async Task<ModelServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MinResponseDataRate = null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new KnobStore(new Knobs { TokensPerSecond = 0, FirstTokenMs = 0 }));
        builder.Services.AddSingleton<CallStatistics>();
        var app = builder.Build();
        var server = new ModelServer(app);
        app.Use(server.RecordAsync);
        app.MapChatCompletions();
        app.MapKnobs();
        app.MapPost("/raw/chat/completions", context => server.Raw(context));
        await app.StartAsync();
        return server;
    }

    /// <summary>An event stream of these lines, as they are.</summary>
    public static Func<HttpContext, Task> Lines(string text) => async context =>
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(text);
    };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task RecordAsync(HttpContext context, RequestDelegate next)
    {
        context.Request.EnableBuffering();
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8, leaveOpen: true);
        var body = await reader.ReadToEndAsync();
        context.Request.Body.Position = 0;
        Requests.Enqueue((body, new HeaderDictionary(context.Request.Headers.ToDictionary(entry => entry.Key, entry => entry.Value))));
        await next(context);
    }
}
