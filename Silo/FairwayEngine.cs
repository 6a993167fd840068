using Fairway.GrainInterfaces.Directory;
using Fairway.Grains;
using Fairway.Silo.Inspection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fairway.Silo;

/// <summary>Puts a silo with Fairway's grains into a host. Which engine runs them is decided when this is built.</summary>
public static partial class FairwayEngine
{
    /// <summary>
    /// Adds the engine, the grains and an <see cref="IGrainInspector"/>. The host must have an <c>IRegistry</c>.
    /// </summary>
    /// <param name="configure">Applied after the section <see cref="EngineOptions.Section"/>.</param>
    /// <exception cref="ArgumentException">An option cannot work.</exception>
    public static IHostApplicationBuilder AddFairwayEngine(this IHostApplicationBuilder builder, Action<EngineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Configuration.GetSection(EngineOptions.Section).Get<EngineOptions>() ?? new EngineOptions();
        configure?.Invoke(options);
        options.Validated();

        builder.Services.AddFairwayGrains();
        builder.Services.AddSingleton<CallRates>();
        builder.Services.AddSingleton<IGrainInspector, GrainInspector>();
        builder.UseOrleans(silo =>
        {
            ConfigureEngine(silo, options);
            silo.AddIncomingGrainCallFilter<CallRateFilter>();
            silo.AddStartupTask((services, _) => services.GetRequiredService<IGrainFactory>().GetGrain<IRegistryGrain>(GrainKeys.Registry).Wake());
        });
        return builder;
    }

    static partial void ConfigureEngine(ISiloBuilder silo, EngineOptions options);
}
