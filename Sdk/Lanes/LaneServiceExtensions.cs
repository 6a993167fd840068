using Fairway.GrpcWire;
using Fairway.Sdk.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Lanes;

/// <summary>Labels through a service; part of <c>AddFairway</c>, or alone for what is not registered.</summary>
public static class LaneServiceExtensions
{
    /// <summary>
    /// Takes labels in from HTTP and gRPC requests, keeps them current while they are served, and lets them leave with every
    /// client of <c>IHttpClientFactory</c>; clients that call services by their names keep to the label's lane. Settings: <see cref="LaneOptions"/>.
    /// </summary>
    public static IServiceCollection AddLanes(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => service.ServiceType == typeof(LaneIngress)))
        {
            return services;
        }

        services.AddOptions<LaneOptions>().BindConfiguration(LaneOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<LaneOptions>, LaneOptionsValidator>();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<LaneMetrics>();
        services.AddSingleton(provider => new LaneIngress(
            provider.GetRequiredService<IOptions<LaneOptions>>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<LaneMetrics>()));
        services.AddSingleton(provider => new LaneEgress(
            provider.GetRequiredService<IOptions<LaneOptions>>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<LaneMetrics>()));
        services.AddSingleton<LaneRouteMetrics>();
        services.AddSingleton<IRequestRouter, LaneRequestRouter>();
        services.AddHttpClient();
        services.AddSingleton<IHttpMessageHandlerBuilderFilter, LaneHandlerFilter>();
        services.AddTransient<IStartupFilter, LanePipeline>();
        return services;
    }

    /// <summary>The options of a gRPC channel whose calls carry the current label in their metadata.</summary>
    public static GrpcChannelOptions WithLanes(this GrpcChannelOptions options, LaneEgress egress)
    {
        ArgumentNullException.ThrowIfNull(options);
        var outer = options.Wrap;
        return options with { Wrap = inner => new LaneHandler(egress) { InnerHandler = outer?.Invoke(inner) ?? inner } };
    }

    /// <summary>A handler for clients made by hand: it lets the current label leave, and ends in a <see cref="SocketsHttpHandler"/> of its own or <paramref name="inner"/>.</summary>
    public static HttpMessageHandler CreateHandler(this LaneEgress egress, HttpMessageHandler? inner = null) =>
        LaneHandlerFilter.Wrap(egress, inner ?? new SocketsHttpHandler());

    /// <summary>Behind the meter and the probe of <c>AddFairway</c>, before the service's own middleware.</summary>
    private sealed class LanePipeline : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseMiddleware<LaneMiddleware>();
            next(app);
        };
    }
}

/// <summary>Puts the handler next to the sockets of every client of the factory, below whatever picks the address.</summary>
internal sealed class LaneHandlerFilter(LaneEgress egress) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        builder.AdditionalHandlers.Add(new LaneHandler(egress, TakeRedirects(builder.PrimaryHandler)));
    };

    public static LaneHandler Wrap(LaneEgress egress, HttpMessageHandler inner) => new(egress, TakeRedirects(inner)) { InnerHandler = inner };

    /// <summary>From now on redirects are followed above the sockets, where the label is looked at again; how many.</summary>
    private static int TakeRedirects(HttpMessageHandler handler)
    {
        switch (handler)
        {
            case SocketsHttpHandler { AllowAutoRedirect: true } sockets:
                sockets.AllowAutoRedirect = false;
                return sockets.MaxAutomaticRedirections;
            case HttpClientHandler { AllowAutoRedirect: true } client:
                client.AllowAutoRedirect = false;
                return client.MaxAutomaticRedirections;
            default:
                return 0;
        }
    }
}
