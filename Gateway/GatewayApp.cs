using System.Text.Json.Serialization;
using Fairway.Gateway.Admin;
using Fairway.Gateway.Auth;
using Fairway.Gateway.Auth.Users;
using Fairway.Gateway.BestList;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Generation;
using Fairway.Gateway.History;
using Fairway.Gateway.Http;
using Fairway.Gateway.Lanes;
using Fairway.Gateway.Memory;
using Fairway.Gateway.Operator;
using Fairway.Gateway.Pages;
using Fairway.Gateway.Registration;
using Fairway.Gateway.Releases;
using Fairway.Gateway.Relay;
using Fairway.Gateway.Streams;
using Fairway.Gateway.Telemetry;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.Orleans;
using Fairway.Silo;
using Fairway.Silo.Dashboard;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway;

/// <summary>The Gateway, put together.</summary>
public static class GatewayApp
{
    /// <summary>Bodies are small, those of streams apart; Kestrel refuses larger ones as they arrive.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    private static readonly Dictionary<string, string> Switches = new(StringComparer.Ordinal)
    {
        ["--port"] = "Gateway:Port",
        ["--data"] = "Gateway:Data",
        ["--etcd"] = "Registry:Etcd:Endpoints",
        ["--services"] = "Registry:ServicesFile",
        ["--admin-key"] = "Auth:AdminKey",
        ["--registrar-key"] = "Auth:RegistrarKey",
        ["--jwt-secret"] = "Auth:Hs256Secret",
        ["--client"] = "Engine:Client",
        ["--advertise"] = "Engine:AdvertisedAddress",
        ["--cluster"] = "Engine:ClusterId",
        ["--zone"] = "Engine:Zone",
    };

    /// <param name="args">Switches as CONTRACTS 10 names them, and any configuration key as <c>--A:B=value</c>.</param>
    /// <param name="configure">Last word on the host, for tests.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddCommandLine([.. args.Select(arg => arg == "--client" ? "--client=true" : arg)], Switches);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning); // not four lines a request
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None); // it says nothing above that, and keeps a scope for each reader
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        builder.AddServer();
        builder.AddRegistryOrEmbedded();
        builder.AddFairwayEngine(engine => engine.History = GenerationServices.Reach(builder.Configuration));
        builder.Services.AddLanes().AddGrainLanes();
        builder.AddDirectory();
        builder.Services.AddStreams(builder.Configuration);
        builder.AddApi();
        builder.AddServing();
        builder.Services.AddRelay();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseMiddleware<HeadMiddleware>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseMiddleware<KeyMiddleware>();
        app.UseMiddleware<UserMiddleware>();
        app.MapBestList();
        app.MapRegistration();
        app.MapOperator();
        app.MapLanes();
        app.MapReleases();
        app.MapSession();
        app.MapStreams();
        app.MapRelay();
        app.MapHistory();
        app.MapAdmin();
        app.MapHealth();
        app.MapTelemetry();
        app.MapPages();
        app.MapFairwayDashboard(app.Services.GetRequiredService<Keys>().IsAdmin);
        app.MapOpenApi("/openapi/v1.json");
        return app;
    }

    private static void AddServer(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration[WebHostDefaults.ServerUrlsKey]))
        {
            builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration.GetValue("Gateway:Port", 8080)}");
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.DisableStringReuse = true;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MinResponseDataRate = null;
        });
    }

    private static void AddApi(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<AuthOptions>().BindConfiguration("Auth");
        services.AddSingleton<Keys>();
        services.AddUsers();
        services.AddSingleton<ListEncoder>();
        services.AddSingleton<ListServer>();
        services.AddSingleton<LaneBook>();
        services.AddSingleton<Lanes.LaneMetrics>();
        services.AddSingleton<Registrar>();
        if (builder.Configuration["Registry:ServicesFile"] is { Length: > 0 } file)
        {
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<FileRegistrations>(provider, new ServicesFile(file)));
        }

        services.AddSingleton<Audit>();
        services.AddSingleton<OperatorStore>();
        services.AddReleases();
        services.AddTelemetry();
        services.AddHostedService<Announcer>();
        services.AddOptions<TrimOptions>().BindConfiguration(TrimOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TrimOptions>, TrimOptionsValidator>();
        services.AddHostedService<MemoryTrimmer>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.Converters.Add(new StateConverter());
        });
        services.AddOpenApi("v1", openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Fairway Gateway";
            document.Info.Description = "Ranked lists of services, registration, lanes, the operator's hand, and streamed answers. Every refusal is application/problem+json with a stable code.";
            return Task.CompletedTask;
        }));
    }
}
