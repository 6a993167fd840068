using System.Diagnostics.Metrics;
using Fairway.Core.Telemetry;
using Fairway.Exporter.Fit;
using Fairway.Exporter.Fleet;
using Fairway.Exporter.Probing;
using Fairway.Exporter.Status;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter;

/// <summary>The parts of an exporter. A registry is added apart.</summary>
public static class ExporterServices
{
    public static IServiceCollection AddExporter(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ExporterOptions>().Bind(configuration.GetSection(ExporterOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ExporterOptions>, ExporterOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ExporterMetrics>();
        services.AddSingleton<FleetMetrics>();
        services.AddSingleton(provider =>
        {
            var factory = provider.GetRequiredService<IMeterFactory>();
            return new MeterScrape(meter => ReferenceEquals(meter.Scope, factory) && meter.Name.StartsWith("Fairway.", StringComparison.Ordinal));
        });
        services.AddSingleton<ListenAddress>();
        services.AddSingleton<ProbingContext>();
        services.AddSingleton<SampleRecorder>();
        services.AddSingleton<InstanceFleet>();
        services.AddSingleton<StatusPublisher>();
        services.AddSingleton<ExporterRoll>();
        services.AddSingleton<InstanceWatch>();
        services.AddSingleton<ExporterLease>();
        services.AddHostedService(provider => provider.GetRequiredService<ExporterLease>());
        services.AddHostedService(provider => provider.GetRequiredService<StatusPublisher>());
        services.AddHostedService(provider => provider.GetRequiredService<ExporterRoll>());
        services.AddHostedService(provider => provider.GetRequiredService<InstanceWatch>());
        services.AddHostedService<Compactor>();
        services.AddHostedService<ReadyLine>();
        return services;
    }
}
