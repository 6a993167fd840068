using Fairway.Registry;
using Fairway.Sdk.Options;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Sdk.Registration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.RabbitMq;

/// <summary>Topics and lanes for a service that was added with <c>AddFairway</c>.</summary>
public static class LaneQueueExtensions
{
    /// <summary>The configuration section of <see cref="BrokerOptions"/>.</summary>
    public const string Section = "Fairway:RabbitMq";

    /// <summary>Adds a <see cref="LanePublisher"/>, which carries the current label.</summary>
    public static IServiceCollection AddLaneQueues(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => service.ServiceType == typeof(LanePublisher)))
        {
            return services;
        }

        services.AddOptions<BrokerOptions>().BindConfiguration(Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BrokerOptions>, BrokerOptionsValidator>();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<BrokerMetrics>();
        services.AddSingleton<LaneQueueMetrics>();
        services.AddSingleton(provider => new BrokerContext(
            provider.GetRequiredService<IOptions<BrokerOptions>>().Value, provider.GetRequiredService<BrokerMetrics>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>().CreateLogger("Fairway.RabbitMq")));
        services.AddSingleton(provider => new RegistryLaneViews(
            provider.GetRequiredService<IRegistry>(), provider.GetRequiredService<IOptions<FairwayOptions>>().Value.Service,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<RegistryWatcher>>()));
        services.AddSingleton<ILaneViews>(provider => provider.GetRequiredService<RegistryLaneViews>());
        services.AddHostedService(provider => provider.GetRequiredService<RegistryLaneViews>());
        services.AddSingleton(provider =>
        {
            var (service, instance) = (provider.GetRequiredService<IOptions<FairwayOptions>>().Value.Service, provider.GetService<FairwayInstance>());
            return new LanePublisher(
                provider.GetRequiredService<BrokerContext>(), provider.GetRequiredService<ILaneViews>(), registered: () =>
                    instance is { State: RegistrationState.Waiting or RegistrationState.Registered, Record.Lane: { Length: > 0 } lane } ? (lane, service) : null);
        });
        services.AddHostedService<PublisherStart>();
        return services;
    }

    /// <summary>Consumes a topic in this service's lane, or as base where it has none. What <paramref name="handle"/> throws has the message tried again.</summary>
    /// <param name="configure">From the options that name topic, service and lane to those that are used.</param>
    public static IServiceCollection AddLaneConsumer(
        this IServiceCollection services, string topic, Func<IServiceProvider, LaneMessage, CancellationToken, Task> handle,
        Func<LaneConsumerOptions, LaneConsumerOptions>? configure = null)
    {
        services.AddLaneQueues();
        var name = $"{topic} {services.Count}"; // a service may consume a topic twice
        services.AddKeyedSingleton(name, (provider, _) =>
        {
            var service = provider.GetRequiredService<IOptions<FairwayOptions>>().Value;
            var instance = provider.GetService<FairwayInstance>();
            return new LaneConsumerHost(Make, () => (instance?.Record?.Lane ?? service.Lane) is { Length: > 0 } lane ? lane : null, provider.GetRequiredService<TimeProvider>());

            LaneConsumer Make(string? lane)
            {
                var options = new LaneConsumerOptions { Topic = topic, Service = service.Service, Lane = lane, Address = () => instance?.Record?.Address };
                return new LaneConsumer(
                    configure?.Invoke(options) ?? options, provider.GetRequiredService<ILaneViews>(), provider.GetRequiredService<BrokerContext>(),
                    provider.GetRequiredService<LaneQueueMetrics>(), (message, token) => handle(provider, message, token));
            }
        });
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<LaneConsumerHost>(name));
        services.AddSingleton<IDrain>(provider => provider.GetRequiredKeyedService<LaneConsumerHost>(name));
        return services;
    }

    private sealed class PublisherStart(LanePublisher publisher) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            publisher.Start();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask; // disposed after all consumers, which may publish
    }
}

internal sealed class BrokerOptionsValidator : IValidateOptions<BrokerOptions>
{
    public ValidateOptionsResult Validate(string? name, BrokerOptions options)
    {
        var failures = options.Failures(LaneQueueExtensions.Section).ToList();
        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
    }
}
