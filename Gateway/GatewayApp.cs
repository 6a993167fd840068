using Fairway.Gateway.Auth;
using Fairway.Gateway.BestList;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fairway.Gateway;

/// <summary>The Gateway, put together.</summary>
public static class GatewayApp
{
    /// <summary>Bodies of every call of this slice are small; Kestrel refuses larger ones as they arrive.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <param name="configure">Last word on the host, for tests.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MinResponseDataRate = null;
        });
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddOptions<AuthOptions>().BindConfiguration("Auth").ValidateOnStart();
        builder.Services.AddSingleton<Keys>();
        builder.Services.AddSingleton<DirectoryStore>();
        builder.Services.AddSingleton<ListEncoder>();
        builder.Services.AddSingleton<ListServer>();
        builder.Services.AddOpenApi("v1");
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseMiddleware<KeyMiddleware>();
        app.MapBestList();
        app.MapOpenApi();
        return app;
    }
}
