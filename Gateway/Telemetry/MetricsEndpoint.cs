using System.Diagnostics.Metrics;
using Fairway.Core.Telemetry;

namespace Fairway.Gateway.Telemetry;

/// <summary>The process's figures for Prometheus: Fairway's own, the server's and the runtime's.</summary>
public static class MetricsEndpoint
{
    private static readonly string[] Meters = ["Fairway", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    public static IServiceCollection AddTelemetry(this IServiceCollection services) => services
        .AddSingleton<GatewayMetrics>()
        .AddSingleton(provider =>
        {
            // Meters that another factory made belong to another host in this process.
            var factory = provider.GetRequiredService<IMeterFactory>();
            return new MeterScrape(meter => (meter.Scope is null || ReferenceEquals(meter.Scope, factory))
                && Meters.Any(prefix => meter.Name.StartsWith(prefix, StringComparison.Ordinal)), ProcessMetrics.IsTwin);
        });

    public static IEndpointRouteBuilder MapTelemetry(this IEndpointRouteBuilder app)
    {
        // Made now: counts begin with the process, not with the first scrape.
        var scrape = app.ServiceProvider.GetRequiredService<MeterScrape>();
        app.ServiceProvider.GetRequiredService<GatewayMetrics>();
        app.MapGet("/metrics", () => TypedResults.Text(scrape.Write(), PrometheusText.ContentType))
            .WithTags("health").WithName("metrics").WithSummary("Read the process's figures in Prometheus's text format 0.0.4")
            .Produces<string>(200, "text/plain");
        return app;
    }
}
