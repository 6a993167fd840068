using Fairway.Core.Balancing;
using Fairway.Sdk.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk;

/// <summary>Calling other services by their names.</summary>
public static class FairwayClientExtensions
{
    /// <summary>The client of <see cref="AddFairwayClient"/> in <see cref="IHttpClientFactory"/>.</summary>
    public const string ClientName = "fairway";

    public const string GatewaysVariable = "FAIRWAY_GATEWAYS";

    /// <summary>
    /// Adds what <see cref="AddFairwayBalancing"/> needs, and the client <see cref="ClientName"/> that has it. Settings come from section
    /// <c>Fairway:Client</c>, then from <paramref name="configure"/>.
    /// </summary>
    /// <example><code>
    /// builder.Services.AddFairwayClient();
    /// var orders = factory.CreateClient("fairway");
    /// await orders.GetAsync("http://orders/42");
    /// </code></example>
    public static IHttpClientBuilder AddFairwayClient(this IServiceCollection services, Action<FairwayClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        AddCore(services);
        if (configure is not null)
        {
            services.AddOptions<FairwayClientOptions>().Configure(configure);
        }

        return services.AddHttpClient(ClientName).AddFairwayBalancing();
    }

    /// <summary>Lets a client reach services by their names: <c>http://orders/42</c> goes to an instance of <c>orders</c>.</summary>
    public static IHttpClientBuilder AddFairwayBalancing(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddCore(builder.Services);
        return builder.AddHttpMessageHandler(services => services.GetRequiredService<FairwayHandler>());
    }

    private static void AddCore(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(DirectoryReader)))
        {
            return;
        }

        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Draws.Shared);
        services.TryAddSingleton<IRequestRouter, BaseRouter>();
        services.AddSingleton<IValidateOptions<FairwayClientOptions>, FairwayClientOptionsValidator>();
        services.AddOptions<FairwayClientOptions>().Configure<IServiceProvider>(Bind).ValidateOnStart();
        services.AddSingleton<ClientMetrics>();
        services.AddSingleton(provider => new DirectoryReader(
            provider.GetRequiredService<IOptions<FairwayClientOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DirectoryReader>>(),
            provider.GetRequiredService<ClientMetrics>()));
        services.AddSingleton<ServiceCallers>();
        services.AddTransient<FairwayHandler>();
    }

    private static void Bind(FairwayClientOptions options, IServiceProvider services)
    {
        if (services.GetService<IConfiguration>() is not { } configuration)
        {
            return;
        }

        configuration.GetSection(FairwayClientOptions.Section).Bind(options);
        options.Zone = options.Zone.Length > 0 ? options.Zone : configuration["Fairway:Zone"] ?? "";
        if (configuration[GatewaysVariable] is { Length: > 0 } gateways)
        {
            options.Gateways = gateways.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
    }
}
