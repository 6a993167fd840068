using Fairway.Registry;
using Fairway.Registry.Memory;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Directory;

/// <summary>Puts the registry, and what this process shows of it, into the host.</summary>
internal static class DirectoryServices
{
    private const string EtcdEndpoints = "Registry:Etcd:Endpoints";

    /// <summary>etcd where it is configured; else the embedded registry, served to other processes.</summary>
    public static void AddRegistryOrEmbedded(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddRegistry(builder.Configuration);
        if (services.Any(service => service.ServiceType == typeof(MemoryRegistry)))
        {
            services.AddSingleton<EmbeddedRegistry>();
            services.AddHostedService(provider => provider.GetRequiredService<EmbeddedRegistry>());
        }

        var configured = builder.Configuration.GetSection(EtcdEndpoints);
        var urls = configured.Value ?? string.Join(',', configured.GetChildren().Select(child => child.Value));
        services.AddSingleton(provider => new RegistryEndpoints(urls, provider.GetService<EmbeddedRegistry>()));
    }

    public static void AddDirectory(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddSingleton<DirectoryStore>();
        services.AddSingleton<DirectoryFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<DirectoryFeed>());
        services.AddSingleton<GatewayAddress>();
        services.AddHostedService<GatewayMembership>();
        services.AddSingleton<EdgeRoll>();
        services.AddHostedService(provider => provider.GetRequiredService<EdgeRoll>());
    }
}
