using Fairway.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>The sample model on a free loopback port of this process.</summary>
public sealed class ModelHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ModelHost(WebApplication app) => _app = app;

    /// <summary>What goes into <c>Models:{name}:BaseUrl</c>.</summary>
    public string BaseUrl => $"{_app.Urls.Single()}/v1";

    public CallFigures Calls => _app.Services.GetRequiredService<CallStatistics>().Read();

    public static async Task<ModelHost> StartAsync(Knobs? knobs = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MinResponseDataRate = null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(knobs ?? new Knobs { FirstTokenMs = 0, TokensPerSecond = 0 });
        builder.Services.AddSingleton<KnobStore>();
        builder.Services.AddSingleton<CallStatistics>();
        var app = builder.Build();
        app.MapChatCompletions();
        app.MapKnobs();
        await app.StartAsync();
        return new ModelHost(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
