using System.Data.Common;
using Fairway.Sdk.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Stress;

/// <summary>Keeps a stress test's requests away from what is real. Needs <c>AddFairway</c> and <c>AddFairwayConfig</c> before it.</summary>
public static class StressServiceExtensions
{
    /// <summary>Adds the gate; the configuration centre reads the namespace of the rules besides its own.</summary>
    public static IServiceCollection AddFairwayStress(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<StressOptions>().BindConfiguration(StressOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StressOptions>, StressOptionsValidator>());
        services.AddOptions<ConfigOptions>().PostConfigure<IOptions<StressOptions>>((config, stress) =>
        {
            var asked = config.Namespaces.Length > 0 ? config.Namespaces : ["application"];
            config.Namespaces = [.. asked.Append(stress.Value.Namespace).Distinct(StringComparer.Ordinal)];
        });
        services.TryAddSingleton<StressGate>();
        services.TryAddEnumerable(ServiceDescriptor.Transient<IStartupFilter, StressPipeline>());
        return services;
    }

    /// <summary>Makes <see cref="DbDataSource"/> the primary for all but stress requests.</summary>
    /// <param name="shadow">Null for none: stress requests end in <c>SHADOW_MISSING</c>.</param>
    public static IServiceCollection AddShadowDatabase(
        this IServiceCollection services, Func<IServiceProvider, DbDataSource> primary, Func<IServiceProvider, DbDataSource>? shadow = null)
    {
        services.AddSingleton(provider => new ShadowDataSource(primary(provider), shadow?.Invoke(provider), provider.GetRequiredService<StressGate>()));
        services.AddSingleton<DbDataSource>(provider => provider.GetRequiredService<ShadowDataSource>());
        return services;
    }

    /// <summary>Gives stress requests keys of their own in the cache that was added last.</summary>
    /// <exception cref="InvalidOperationException">No <see cref="IDistributedCache"/> was added.</exception>
    public static IServiceCollection AddShadowCache(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        var added = services.LastOrDefault(service => service.ServiceType == typeof(IDistributedCache))
            ?? throw new InvalidOperationException("Add an IDistributedCache before AddShadowCache.");
        services.Replace(ServiceDescriptor.Singleton<IDistributedCache>(provider => new ShadowCache(
            (IDistributedCache)(added.ImplementationInstance
                ?? added.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, added.ImplementationType!)),
            provider.GetRequiredService<IOptions<StressOptions>>())));
        return services;
    }

    /// <summary>Behind the label's middleware, which says whether a request is marked.</summary>
    private sealed class StressPipeline : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseMiddleware<StressMiddleware>();
            next(app);
        };
    }
}
