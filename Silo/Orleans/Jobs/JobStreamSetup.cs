using Fairway.Silo.Jobs;
using Orleans.Configuration;
using Orleans.Streams;

namespace Fairway.Silo.Orleans.Jobs;

/// <summary>Puts the streams that tell of jobs into a silo or a client.</summary>
internal static class JobStreamSetup
{
    /// <summary>Half of it is added to what a user waits for the first token; each look into each queue is a call.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Queues in memory that all partitions share; the same in all processes.</summary>
    private const int Queues = 4;

    public static void AddJobStream(this ISiloBuilder silo, JobStreamOptions options)
    {
        if (IsMemory(silo.Services, options))
        {
            silo.AddMemoryStreams(options.Provider!, memory =>
            {
                memory.ConfigurePartitioning(Queues);
                memory.ConfigurePullingAgent(agents => agents.Configure(agent => agent.GetQueueMsgsTimerPeriod = LookEvery));
            });
        }

        silo.Services.Add(options);
    }

    public static void AddJobStream(this IClientBuilder client, JobStreamOptions options)
    {
        if (IsMemory(client.Services, options))
        {
            client.AddMemoryStreams(options.Provider!, memory => memory.ConfigurePartitioning(Queues));
        }

        client.Services.Add(options);
    }

    private static void Add(this IServiceCollection services, JobStreamOptions options)
    {
        // Its grains are the only subscribers, by their class: there is nothing to keep in a store.
        services.PostConfigure<StreamPubSubOptions>(options.Provider, pubSub => pubSub.PubSubType = StreamPubSubType.ImplicitOnly);
        services.AddSingleton(options);
        services.AddSingleton<JobStream>();
        services.AddSingleton<IJobStream>(provider => provider.GetRequiredService<JobStream>());
        services.AddHostedService<JobStreamCheck>();
    }

    private static bool IsMemory(IServiceCollection services, JobStreamOptions options) =>
        options.Provider == JobStreamOptions.Memory
        && !services.Any(service => service.ServiceType == typeof(IStreamProvider) && Equals(service.ServiceKey, options.Provider));
}

/// <summary>A provider that nobody configured is refused at start rather than at the first job.</summary>
internal sealed class JobStreamCheck(IServiceProvider services, JobStreamOptions options) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => services.GetRequiredService<IServiceProviderIsKeyedService>().IsKeyedService(typeof(IStreamProvider), options.Provider)
        ? Task.CompletedTask
        : throw new EngineException(
            EngineException.NoStreamProvider,
            $"{JobStreamOptions.Section}:{nameof(options.Provider)} is '{options.Provider}', and no stream provider has that name. "
            + $"It is '{JobStreamOptions.Memory}', or one that is configured under Orleans:Streaming:{options.Provider}.");

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
