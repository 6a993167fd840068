using Fairway.Gateway.Releases.Executors;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Releases;

/// <summary>Adds releases to the Gateway.</summary>
internal static class ReleaseServices
{
    public static void AddReleases(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ReleaseOptions>, ReleaseOptionsValidator>();
        services.AddOptions<ReleaseOptions>().BindConfiguration(ReleaseOptions.Section).ValidateOnStart();
        services.AddSingleton<IReleaseExecutor>(provider => provider.GetRequiredService<IOptions<ReleaseOptions>>().Value switch
        {
            { Command: not null } => ActivatorUtilities.CreateInstance<CommandExecutor>(provider),
            { Kubernetes.ApiServer: not null } => ActivatorUtilities.CreateInstance<KubernetesExecutor>(provider),
            _ => new NoExecutor(),
        });
        services.AddSingleton<ReleaseBook>();
        services.AddSingleton<ReleaseWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<ReleaseWatch>());
        services.AddSingleton<ReleaseHand>();
        services.AddSingleton<ReleaseMetrics>();
        services.AddSingleton<ReleaseRunner>();
        services.AddSingleton<ReleaseEndpoints.Desk>();
        services.AddHostedService(provider => provider.GetRequiredService<ReleaseRunner>());
    }
}
