using Fairway.Registry.Etcd;
using Fairway.Registry.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Registry;

/// <summary>Adds the registry to a process.</summary>
public static class RegistryServiceExtensions
{
    private const string EndpointsKey = $"{EtcdOptions.Section}:{nameof(EtcdOptions.Endpoints)}";

    /// <summary>
    /// Adds <see cref="IRegistry"/>: etcd where <c>Registry:Etcd:Endpoints</c> names any, else the embedded one. Either is there
    /// under its own type too. Options that cannot work stop the start with a message that names the key.
    /// </summary>
    public static IServiceCollection AddRegistry(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton<RegistryMetrics>();
        if (Endpoints(configuration) is { Length: > 0 } endpoints)
        {
            services.AddSingleton<IValidateOptions<EtcdOptions>, EtcdOptionsValidator>();
            services.AddOptions<EtcdOptions>()
                .Bind(configuration.GetSection(EtcdOptions.Section))
                .PostConfigure(options => options.Endpoints = endpoints)
                .ValidateOnStart();
            services.TryAddSingleton<EtcdRegistry>();
            services.TryAddSingleton<IRegistry>(provider => provider.GetRequiredService<EtcdRegistry>());
        }
        else
        {
            services.AddOptions<MemoryRegistryOptions>()
                .Bind(configuration.GetSection(MemoryRegistryOptions.Section))
                .Validate(options => options is { HistoryChanges: > 1, HistoryBytes: > 0 }, $"{MemoryRegistryOptions.Section}: bounds of the history must be positive.")
                .ValidateOnStart();
            services.TryAddSingleton<MemoryRegistry>();
            services.TryAddSingleton<IRegistry>(provider => provider.GetRequiredService<MemoryRegistry>());
        }

        return services;
    }

    /// <summary>An array, or one text with commas.</summary>
    private static string[] Endpoints(IConfiguration configuration)
    {
        var section = configuration.GetSection(EndpointsKey);
        var texts = section.Value is { } single ? [single] : section.GetChildren().Select(child => child.Value ?? "");
        return [.. texts.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
    }
}
