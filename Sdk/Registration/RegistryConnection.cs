using Fairway.Registry;
using Fairway.Registry.Etcd;
using Fairway.Sdk.Options;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Registration;

/// <summary>Opens the registry that the options name; user, password and times come from <c>Registry:Etcd</c>.</summary>
internal static class RegistryConnection
{
    /// <summary>Adds <see cref="IRegistry"/> and the options that name it, once however many parts of the Sdk ask.</summary>
    public static void AddFairwayRegistry(this IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(FairwayOptionsSetup)))
        {
            return;
        }

        services.AddSingleton<FairwayOptionsSetup>();
        services.AddSingleton<IConfigureOptions<FairwayOptions>>(provider => provider.GetRequiredService<FairwayOptionsSetup>());
        services.AddSingleton<IPostConfigureOptions<FairwayOptions>>(provider => provider.GetRequiredService<FairwayOptionsSetup>());
        services.TryAddSingleton<RegistryMetrics>();
        services.TryAddSingleton(Open);
    }

    private static IRegistry Open(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<FairwayOptions>>().Value;
        if (options.RegistryEndpoints.Length == 0)
        {
            throw new OptionsValidationException(
                FairwayOptions.Section,
                typeof(FairwayOptions),
                ["BAD_FIELD: Fairway:RegistryEndpoints is empty, so there is nowhere to register. Set it or the variable "
                    + "FAIRWAY_ETCD (http://host:2379), or switch Fairway:RegistrationEnabled off."]);
        }

        var etcd = new EtcdOptions();
        services.GetRequiredService<IConfiguration>().GetSection(EtcdOptions.Section).Bind(etcd);
        etcd.Endpoints = options.RegistryEndpoints;
        return new EtcdRegistry(
            Microsoft.Extensions.Options.Options.Create(etcd),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<EtcdRegistry>>(),
            services.GetRequiredService<RegistryMetrics>());
    }
}
