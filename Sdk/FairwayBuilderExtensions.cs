using Fairway.Sdk.Hosting;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.Load;
using Fairway.Sdk.Options;
using Fairway.Sdk.Probing;
using Fairway.Sdk.Registration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk;

/// <summary>The one call by which a service takes part in Fairway.</summary>
public static class FairwayBuilderExtensions
{
    /// <summary>Time over for the server itself, after draining, until the host is cut off.</summary>
    private static readonly TimeSpan ServerStop = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Registers this service once it listens, reports its load, answers health checks, carries labels, and drains
    /// before it stops. Settings come from section <c>Fairway</c>, then from <paramref name="configure"/>.
    /// </summary>
    /// <example><code>builder.AddFairway(options => options.Service = "orders");</code></example>
    public static WebApplicationBuilder AddFairway(this WebApplicationBuilder builder, Action<FairwayOptions>? configure = null)
    {
        var services = builder.Services;
        services.AddFairwayRegistry();
        services.AddSingleton<IValidateOptions<FairwayOptions>, FairwayOptionsValidator>();
        var options = services.AddOptions<FairwayOptions>().ValidateOnStart();
        if (configure != null)
        {
            options.Configure(configure);
        }

        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IProcessUsage, ProcessUsage>();
        services.AddSingleton<RequestMeter>();
        services.AddSingleton<LoadSampler>();
        services.AddSingleton<LoadHeader>();
        services.AddSingleton<SdkMetrics>();

        services.AddSingleton<ListenPlan>();
        services.AddSingleton<ListenSetup>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(Get<ListenSetup>);
        services.AddSingleton<PublishedAddresses>();
        services.AddSingleton<FairwayHealth>();
        services.AddSingleton<ProbeEndpoints>();
        services.AddSingleton<IStartupFilter, PipelineSetup>();
        services.AddLanes();

        services.AddRegistrar();
        services.AddHostedService<RegistrationService>();
        services.AddOptions<HostOptions>().Configure<IOptions<FairwayOptions>>((host, fairway) =>
        {
            var needed = TimeSpan.FromSeconds(fairway.Value.DrainSeconds + fairway.Value.DrainRequestsSeconds) + ServerStop;
            host.ShutdownTimeout = host.ShutdownTimeout < needed ? needed : host.ShutdownTimeout;
        });
        return builder;
    }

    private static T Get<T>(IServiceProvider services)
        where T : notnull => services.GetRequiredService<T>();
}
