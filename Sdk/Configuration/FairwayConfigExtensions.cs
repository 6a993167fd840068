using Fairway.Registry;
using Fairway.Sdk.Configuration.Apollo;
using Fairway.Sdk.Registration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Configuration;

/// <summary>Adds the configuration centre to a service.</summary>
public static class FairwayConfigExtensions
{
    /// <summary>
    /// Reads the namespaces of section <c>Fairway:Config</c> from its provider into <see cref="ConfigCentre"/> and into the host's
    /// configuration, where they win over what was added before. Stands before <c>AddFairway</c> or after it.
    /// </summary>
    /// <example><code>builder.AddFairwayConfig(config => { config.Provider = "apollo"; config.Apollo.AppId = "orders"; });</code></example>
    public static IHostApplicationBuilder AddFairwayConfig(this IHostApplicationBuilder builder, Action<ConfigOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<ConfigOptions>, ConfigOptionsValidator>();
        var options = services.AddOptions<ConfigOptions>().BindConfiguration(ConfigOptions.Section).ValidateOnStart();
        if (configure != null)
        {
            options.Configure(configure);
        }

        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ConfigMetrics>();
        services.AddFairwayRegistry();
        services.AddSingleton<IConfigProvider>(provider => new EtcdConfigProvider(
            provider.GetRequiredService<IRegistry>, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<RegistryWatcher>>()));
        services.AddSingleton<IConfigProvider, FileConfigProvider>();
        services.AddSingleton<IConfigProvider, ApolloConfigProvider>();
        services.AddSingleton<ConfigCentre>();

        var shown = new CentreConfiguration();
        builder.Configuration.Add(shown);
        services.AddHostedService(provider =>
        {
            var centre = provider.GetRequiredService<ConfigCentre>();
            shown.Attach(centre, [.. centre.Namespaces]);
            return centre;
        });
        return builder;
    }
}
