using Fairway.Gateway.Directory;
using Fairway.Registry;
using Fairway.Sdk.Options;
using Fairway.Sdk.RabbitMq;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Sdk.Registration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>What the job queue on RabbitMQ needs of the host.</summary>
internal static class RabbitJobServices
{
    /// <summary>Whether the configuration names a broker.</summary>
    public static bool IsConfigured(IConfiguration configuration) => configuration[$"{RabbitJobOptions.Section}:Uri"] is { Length: > 0 };

    /// <summary>Call it before the worker is added: the queue has to start first and stop last. Needs an <see cref="IJobLedger"/>.</summary>
    public static void AddRabbitJobs(this IServiceCollection services)
    {
        services.AddOptions<RabbitJobOptions>().BindConfiguration(RabbitJobOptions.Section).ValidateOnStart();
        services.AddSingleton<IPostConfigureOptions<RabbitJobOptions>, RabbitJobOptionsSetup>();
        services.AddSingleton<IValidateOptions<RabbitJobOptions>, RabbitJobOptionsValidator>();
        services.AddSingleton(provider => new RegistryLaneViews(
            provider.GetRequiredService<IRegistry>(), provider.GetRequiredService<IOptions<RabbitJobOptions>>().Value.Service,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<RegistryWatcher>>()));
        services.AddSingleton<ILaneViews>(provider => provider.GetRequiredService<RegistryLaneViews>());
        services.AddHostedService(provider => provider.GetRequiredService<RegistryLaneViews>());
        services.TryAddSingleton<BrokerMetrics>();
        services.AddSingleton<RabbitJobMetrics>();
        services.AddSingleton<RabbitJobQueue>();
        services.AddSingleton<IJobQueue>(provider => provider.GetRequiredService<RabbitJobQueue>());
        services.AddHostedService(provider => provider.GetRequiredService<RabbitJobQueue>());
        services.AddRegistrar();
        services.AddOptions<FairwayOptions>().Configure<IOptions<GatewayOptions>>(static (fairway, gateway) => fairway.Owner = gateway.Value.Id);
        services.AddHostedService<LaneWorkerRegistration>();
    }
}
