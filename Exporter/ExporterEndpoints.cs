using Fairway.Core.Telemetry;
using Fairway.Exporter.Fleet;

namespace Fairway.Exporter;

/// <summary>What the exporter serves over HTTP.</summary>
public static class ExporterEndpoints
{
    /// <summary>
    /// <c>/metrics</c>; <c>/healthz</c>, 200 while the process runs; <c>/readyz</c>, 200 after the first listing, 503 before.
    /// A registry that went away later leaves it ready: the last known instances go on being probed.
    /// </summary>
    public static IEndpointRouteBuilder MapExporter(this IEndpointRouteBuilder endpoints)
    {
        // Resolved now: counts begin with the process, not with the first scrape.
        var scrape = endpoints.ServiceProvider.GetRequiredService<MeterScrape>();
        endpoints.ServiceProvider.GetRequiredService<FleetMetrics>();
        var watch = endpoints.ServiceProvider.GetRequiredService<InstanceWatch>();
        endpoints.MapGet("/metrics", () => Results.Text(scrape.Write(), PrometheusText.ContentType));
        endpoints.MapGet("/healthz", () => Results.Text("ok\n"));
        endpoints.MapGet("/readyz", () => watch.Listed.IsCompletedSuccessfully
            ? Results.Text("ok\n")
            : Results.Problem(
                title: "The instances were not listed yet.", statusCode: StatusCodes.Status503ServiceUnavailable,
                extensions: [new("code", "NOT_READY")]));
        return endpoints;
    }
}
