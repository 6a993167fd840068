using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Tests.Client;

/// <summary>A gateway that gives the lists a test wrote, for what a real one cannot be made to do at will.</summary>
internal sealed class ScriptedGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Func<string?, (int Status, string Body)> _answer;
    private volatile string _version = "a-1";

    private ScriptedGateway(WebApplication app)
    {
        _app = app;
        _answer = _ => (503, "{}");
    }

    public string Url => _app.Urls.First();

    /// <summary>The versions that readers said they hold, in order; null where they asked for all.</summary>
    public ConcurrentQueue<string?> Asked { get; } = new();

    public static async Task<ScriptedGateway> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var gateway = new ScriptedGateway(app);
        app.MapGet("/v1/edge/snapshot", gateway.AnswerAsync);
        await app.StartAsync();
        return gateway;
    }

    /// <summary>One service <c>orders</c> with these instances, as a whole snapshot.</summary>
    public void Lists(string version, params object[] instances) => Gives(version, JsonSerializer.Serialize(new
    {
        version,
        @base = (string?)null,
        full = true,
        services = new Dictionary<string, object> { ["orders"] = Service("scored", instances) },
        removed = Array.Empty<string>(),
        lanes = new { },
        offline = Array.Empty<string>(),
        gateways = Array.Empty<object>(),
    }));

    public static object Service(string mode, object[] instances, object? policy = null) => new { mode, policy, panic = Array.Empty<string>(), instances };

    public static object Instance(string id, string address, string? lane = null, double weight = 1, string state = "ready", double? inFlight = null) => new
    {
        id, address, protocol = "http", zone = "", lane, weight, state, inFlight, ageMs = inFlight is null ? (long?)null : 0,
    };

    /// <summary>Every reader is answered so from now on; one that holds this version already waits.</summary>
    public void Gives(string version, string body) => Answers(version, _ => (200, body));

    public void Answers(string version, Func<string?, (int Status, string Body)> answer)
    {
        _answer = answer;
        _version = version;
        Interlocked.Exchange(ref _news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        _news.TrySetResult();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var since = context.Request.Query["since"].FirstOrDefault();
        Asked.Enqueue(since);
        var news = _news;
        if (since == _version)
        {
            await Task.WhenAny(news.Task, Task.Delay(TimeSpan.FromSeconds(2), context.RequestAborted));
            if (since == _version)
            {
                context.Response.StatusCode = 304;
                return;
            }
        }

        var (status, body) = _answer(since);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    }
}
