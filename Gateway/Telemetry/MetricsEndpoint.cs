using System.Text;

namespace Fairway.Gateway.Telemetry;

/// <summary>The process's figures for Prometheus.</summary>
public static class MetricsEndpoint
{
    public static IEndpointRouteBuilder MapTelemetry(this IEndpointRouteBuilder app)
    {
        app.MapGet("/metrics", (MetricsCollector collector) =>
                TypedResults.Bytes(Encoding.UTF8.GetBytes(PrometheusText.Write(collector.Collect())), "text/plain; version=0.0.4; charset=utf-8"))
            .WithTags("health").WithName("metrics").WithSummary("Read the process's figures in Prometheus's text format 0.0.4")
            .Produces<string>(200, "text/plain");
        return app;
    }
}
