using Fairway.Core.Directory;
using Fairway.Grains.Directory;
using Fairway.Grains.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Grains;

/// <summary>What grains ask of their host.</summary>
public static class GrainServices
{
    /// <summary>The grain classes that a host without <c>IHistory</c> cannot hold.</summary>
    public static IReadOnlyList<Type> NeedHistory { get; } = [typeof(UserStreamGrain)];

    /// <summary>Adds clock, options and metrics of the grains; <c>IRegistry</c> and <c>IHistory</c> are the host's to add.</summary>
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
        services.TryAddSingleton<StreamMetrics>();
        services.TryAddSingleton<StreamMemory>();
        services.TryAddSingleton<IStreamStateStore, NoStreamStateStore>();
        services.TryAddSingleton<IClusterMotion, NoMotion>();
        services.AddMetrics();
        services.AddOptions<DirectoryOptions>().BindConfiguration(DirectoryOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DirectoryOptions>, DirectoryOptionsValidator>());
        services.AddOptions<StreamOptions>().BindConfiguration(StreamOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StreamOptions>, StreamOptionsValidator>());
        return services;
    }
}
