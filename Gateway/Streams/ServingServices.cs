using Fairway.Gateway.History;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Streams;

/// <summary>What taking prompts and serving answers needs of the host.</summary>
internal static class ServingServices
{
    public static void AddServing(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ServingOptions>().BindConfiguration(ServingOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServingOptions>, ServingOptionsValidator>();
        services.AddSingleton<ServingMetrics>();
        services.AddSingleton<LostJobs>();
        services.AddSingleton<StreamHub>();
        services.AddHostedService(provider => provider.GetRequiredService<StreamHub>());
        services.AddSingleton<StreamLookup>();
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<PostEndpoint>();
        services.AddSingleton<EventsEndpoint>();
    }
}
