using Fairway.GrainInterfaces.Directory;
using Fairway.Grains;
using Fairway.Silo.Inspection;
using Fairway.Silo.Jobs;
using Fairway.Silo.Membership;

namespace Fairway.Silo;

/// <summary>Puts a silo with Fairway's grains into a host. Which engine runs them is decided when this is built.</summary>
public static partial class FairwayEngine
{
    /// <summary>
    /// Adds the engine, the grains, an <see cref="IGrainInspector"/> and an <see cref="IMembershipView"/>. The host must have an
    /// <c>IRegistry</c>: where that is etcd, all processes with the same <see cref="EngineOptions.ClusterId"/> form one cluster.
    /// </summary>
    /// <param name="configure">Applied after the section <see cref="EngineOptions.Section"/>.</param>
    /// <exception cref="ArgumentException">An option cannot work.</exception>
    /// <exception cref="EngineException">This engine cannot do what an option asks for.</exception>
    public static IHostApplicationBuilder AddFairwayEngine(this IHostApplicationBuilder builder, Action<EngineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Configuration.GetSection(EngineOptions.Section).Get<EngineOptions>() ?? new EngineOptions();
        configure?.Invoke(options);
        options.Validated();
        var jobs = JobStreamOptions.IsConfigured(builder.Configuration)
            ? builder.Configuration.GetSection(JobStreamOptions.Section).Get<JobStreamOptions>()!.Validated()
            : null;
        if (jobs is not null)
        {
            NeedCluster($"{JobStreamOptions.Section}:{nameof(jobs.Provider)}");
        }

        CheckEngine(builder, options);

        builder.Services.AddFairwayGrains();
        builder.Services.AddSingleton<CallRates>();
        builder.Services.AddSingleton<IGrainInspector, GrainInspector>();
        builder.Services.AddSingleton<IMembershipView, MembershipView>();
        builder.Services.AddSingleton<MembershipMetrics>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<MembershipMetrics>());
        if (options.Client)
        {
            AddClient(builder, options, jobs);
            return builder;
        }

        builder.UseOrleans(silo =>
        {
            ConfigureEngine(silo, options, jobs);
            silo.AddIncomingGrainCallFilter<CallRateFilter>();
            silo.AddStartupTask((services, _) => services.GetRequiredService<IGrainFactory>().GetGrain<IRegistryGrain>(GrainKeys.Registry).Wake());
        });
        return builder;
    }

    /// <summary>Refuses what only a cluster has, where this engine forms none.</summary>
    /// <exception cref="EngineException">The engine is local.</exception>
    internal static partial void NeedCluster(string what);

    static partial void CheckEngine(IHostApplicationBuilder builder, EngineOptions options);

    static partial void ConfigureEngine(ISiloBuilder silo, EngineOptions options, JobStreamOptions? jobs);

    static partial void AddClient(IHostApplicationBuilder builder, EngineOptions options, JobStreamOptions? jobs);
}
