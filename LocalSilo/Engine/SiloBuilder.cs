using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

internal sealed record StartupTask(int Stage, Func<IServiceProvider, CancellationToken, Task> Run);

internal sealed class SiloBuilder(IServiceCollection services, IConfiguration configuration) : ISiloBuilder
{
    public IServiceCollection Services => services;

    public IConfiguration Configuration => configuration;

    /// <summary>The builder of a host; the services of the engine are added once.</summary>
    public static SiloBuilder For(IServiceCollection services, IConfiguration configuration)
    {
        var builder = new SiloBuilder(services, configuration);
        if (services.All(service => service.ServiceType != typeof(Silo)))
        {
            AddEngine(services);
        }

        return builder;
    }

    private static void AddEngine(IServiceCollection services)
    {
        services.AddLogging();
        services.AddOptions<LocalSiloOptions>();
        services.AddOptions<ClusterOptions>();
        services.AddOptions<SiloMessagingOptions>()
            .Validate(options => options.ResponseTimeout > TimeSpan.Zero, "SiloMessagingOptions.ResponseTimeout must be above zero.")
            .ValidateOnStart();
        services.AddOptions<GrainCollectionOptions>()
            .Validate(options => options.CollectionQuantum > TimeSpan.Zero, "GrainCollectionOptions.CollectionQuantum must be above zero.")
            .Validate(options => options.CollectionAge > options.CollectionQuantum, "GrainCollectionOptions.CollectionAge must be above CollectionQuantum.")
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddKeyedSingleton(KeyedService.AnyKey, static (provider, _) => provider.GetRequiredService<TimeProvider>());
        services.AddSingleton<Silo>();
        services.AddSingleton(static provider => new LocalSiloStatistics(provider.GetRequiredService<Silo>()));
        services.AddSingleton<IClusterClient, ClusterClient>();
        services.AddSingleton<IGrainFactory>(static provider => provider.GetRequiredService<IClusterClient>());
        services.AddSingleton<IGrainRuntime, GrainRuntime>();
        services.AddSingleton<ILocalSiloDetails, SiloDetails>();
        services.AddSingleton<IGrainContextAccessor, GrainContextAccessor>();
        services.AddTransient(static provider => provider.GetRequiredService<IGrainContextAccessor>().GrainContext);
        services.AddHostedService<SiloService>();
    }
}
