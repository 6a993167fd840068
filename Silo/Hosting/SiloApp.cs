using System.Diagnostics.Metrics;
using System.Net;
using Fairway.Core.Telemetry;
using Fairway.Registry;
using Fairway.Registry.Etcd;
using Fairway.Silo.Dashboard;
using Fairway.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Silo.Hosting;

/// <summary>A silo as a program of its own: the engine, and over HTTP its health, its figures and the dashboard.</summary>
public static class SiloApp
{
    private static readonly string[] Meters = ["Fairway", "Microsoft.Orleans", "System.Runtime"];

    private static readonly Dictionary<string, string> Switches = new(StringComparer.Ordinal)
    {
        ["--port"] = "Silo:Port",
        ["--listen"] = "Silo:Listen",
        ["--data"] = "Silo:Data",
        ["--etcd"] = "Registry:Etcd:Endpoints",
        ["--admin-key"] = "Auth:AdminKey",
        ["--name"] = "Engine:Name",
        ["--silo-port"] = "Engine:SiloPort",
        ["--gateway-port"] = "Engine:GatewayPort",
        ["--advertise"] = "Engine:AdvertisedAddress",
        ["--zone"] = "Engine:Zone",
        ["--lane"] = "Engine:Lane",
        ["--cluster"] = "Engine:ClusterId",
    };

    /// <param name="configure">Last word on the host, for tests.</param>
    /// <exception cref="EngineException">This engine forms no cluster, or no etcd was named.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        FairwayEngine.NeedCluster("A silo as a process of its own");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddCommandLine(args, Switches);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        builder.Services.AddRegistry(builder.Configuration);
        if (!builder.Services.Any(service => service.ServiceType == typeof(EtcdRegistry)))
        {
            throw new EngineException(EngineException.NoRegistry, "A silo meets its cluster in etcd. Give --etcd URLS or the key Registry:Etcd:Endpoints.");
        }

        builder.AddHttp();
        var folder = builder.Configuration[$"{SiloHostOptions.Section}:{nameof(SiloHostOptions.Data)}"] is { Length: > 0 } data ? Path.GetFullPath(data) : null;
        builder.AddFairwayEngine(engine => engine.History = StorageServices.Reach(builder.Configuration, folder));
        builder.Services.AddStreamStorage(builder.Configuration, folder);
        builder.Services.AddHostedService<SiloLife>();
        configure?.Invoke(builder);

        var app = builder.Build();
        var scrape = app.Services.GetRequiredService<MeterScrape>();
        app.MapSiloHealth();
        app.MapGet("/metrics", () => TypedResults.Text(scrape.Write(), PrometheusText.ContentType));
        app.MapFairwayDashboard(app.Services.GetRequiredService<AdminKey>().Is);
        return app;
    }

    private static void AddHttp(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<SiloHostOptions>().BindConfiguration(SiloHostOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SiloHostOptions>, SiloHostOptionsValidator>();
        services.AddSingleton(provider => new AdminKey(provider.GetRequiredService<IConfiguration>()["Auth:AdminKey"]));
        services.AddSingleton<LeaveState>();
        services.AddSingleton(provider =>
        {
            var factory = provider.GetRequiredService<IMeterFactory>();
            ProcessMetrics.AddTo(factory.Create("Fairway.Silo.Host"));
            return new MeterScrape(meter => (meter.Scope is null || ReferenceEquals(meter.Scope, factory))
                && Meters.Any(prefix => meter.Name.StartsWith(prefix, StringComparison.Ordinal)));
        });
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            var listen = context.Configuration.GetSection(SiloHostOptions.Section).Get<SiloHostOptions>() ?? new SiloHostOptions();
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.TryParse(listen.Listen, out var address) ? address : IPAddress.Loopback, listen.Port);
        });
    }
}
