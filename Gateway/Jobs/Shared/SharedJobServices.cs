using Fairway.Gateway.Jobs.RabbitMq;
using Fairway.Silo;
using Fairway.Silo.Jobs;

namespace Fairway.Gateway.Jobs.Shared;

/// <summary>What the job queue of a cluster needs of the host.</summary>
internal static class SharedJobServices
{
    /// <summary>Two queues were named.</summary>
    public const string TwoQueues = "JOBS_TWO_QUEUES";

    /// <summary>A queue was named that needs a database, and none was.</summary>
    public const string NoDatabase = "JOBS_NO_DATABASE";

    /// <summary>Call it before the worker is added: the queue has to start first and stop last. Needs a <see cref="PostgresLedger"/>.</summary>
    /// <exception cref="EngineException">The configuration asks for what cannot be.</exception>
    public static void AddSharedJobs(this IServiceCollection services, IConfiguration configuration, bool hasPostgres)
    {
        const string Setting = $"{JobStreamOptions.Section}:{nameof(JobStreamOptions.Provider)}";
        if (RabbitJobServices.IsConfigured(configuration))
        {
            throw new EngineException(TwoQueues, $"{Setting} and {RabbitJobOptions.Section}:Uri are two queues of jobs; name one.");
        }

        if (!hasPostgres)
        {
            throw new EngineException(
                NoDatabase, $"{Setting} tells all Gateways of jobs, which must stand where all of them see them. Give History:Postgres:ConnectionString.");
        }

        services.AddSingleton<IIdempotencyStore>(provider => provider.GetRequiredService<PostgresLedger>());
        services.AddSingleton<SharedJobMetrics>();
        services.AddSingleton<SharedJobQueue>();
        services.AddSingleton<IJobQueue>(provider => provider.GetRequiredService<SharedJobQueue>());
        services.AddHostedService(provider => provider.GetRequiredService<SharedJobQueue>());
    }
}
