using Fairway.Core.Directory;
using Fairway.Grains.Directory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Grains;

/// <summary>What grains ask of their host.</summary>
public static class GrainServices
{
    /// <summary>Adds clock, options and metrics of the grains; <c>IRegistry</c> is the host's to add.</summary>
    public static IServiceCollection AddFairwayGrains(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new GrainClock(
            provider.GetKeyedService<TimeProvider>(GrainClock.Key) ?? provider.GetService<TimeProvider>() ?? TimeProvider.System));
        services.TryAddSingleton<DirectoryMetrics>();
        services.TryAddSingleton<ObserverPush>();
        services.TryAddSingleton<DirectorySource>();
        services.TryAddSingleton<LaneSweeper>();
        services.TryAddSingleton<DirectoryReducer>();
        services.TryAddSingleton(ServiceModelOptions.Default);
        services.AddMetrics();
        services.AddOptions<DirectoryOptions>().BindConfiguration(DirectoryOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DirectoryOptions>, DirectoryOptionsValidator>());
        return services;
    }
}
