using Fairway.Registry;
using Fairway.Registry.Memory;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Directory;

/// <summary>Puts the registry, the engine and what this process shows of them into the host.</summary>
internal static class DirectoryServices
{
    public static void AddDirectory(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddSingleton<DirectoryStore>();
        services.AddSingleton<DirectoryFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<DirectoryFeed>());
    }

    public static void AddRegistryOrEmbedded(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        var endpoints = builder.Configuration["Registry:Etcd:Endpoints"];
        services.AddSingleton<MemoryRegistry>();
        services.AddSingleton<IRegistry>(provider => provider.GetRequiredService<MemoryRegistry>());
        services.AddSingleton<EmbeddedRegistry>();
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedRegistry>());
        services.AddSingleton(provider => new RegistryEndpoints(endpoints, provider.GetService<EmbeddedRegistry>()));
    }
}
