using Fairway.Gateway.Jobs;
using Fairway.Gateway.Jobs.RabbitMq;
using Fairway.Gateway.Jobs.Shared;
using Fairway.Grains.Streams;
using Fairway.Silo.Jobs;
using Fairway.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Generation;

/// <summary>Puts the backend of streams into the host: history, jobs, models and the worker. Call it after the engine was added.</summary>
public static class GenerationServices
{
    private const string DataFolder = "Gateway:Data";

    /// <param name="configuration">Its <c>Gateway:Data</c> is the folder that what must survive is kept in; without it, nothing does.</param>
    public static IServiceCollection AddStreams(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var folder = Folder(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<JobOptions>().BindConfiguration(JobOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<JobOptions>, JobOptionsValidator>());
        services.AddOptions<ModelsOptions>().Configure<IConfiguration>(
            static (models, settings) => settings.GetSection(ModelsOptions.Section).Bind(models.ByName)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ModelsOptions>, ModelsOptionsValidator>());

        services.AddStreamStorage(configuration, folder);
        services.AddJobs(configuration, PathOf("jobs.journal"), PathOf("ledger.journal"));
        services.AddSingleton<GenerationMetrics>();
        services.AddSingleton<UpstreamModel>();
        services.AddHostedService<StreamRestorer>();
        services.AddHostedService<GenerationWorker>();
        return services;

        string? PathOf(string name) => folder is null ? null : Path.Combine(folder, name);
    }

    /// <summary>How far the history of a Gateway reaches.</summary>
    internal static StorageReach Reach(IConfiguration configuration) => StorageServices.Reach(configuration, Folder(configuration));

    private static string? Folder(IConfiguration configuration) =>
        configuration[DataFolder] is { Length: > 0 } data ? Path.GetFullPath(data) : null;

    private static void AddJobs(this IServiceCollection services, IConfiguration configuration, string? journal, string? ledger)
    {
        var hasPostgres = StorageServices.Reach(configuration, null) == StorageReach.Shared;
        if (hasPostgres)
        {
            services.AddSingleton<PostgresLedger>();
        }

        if (JobStreamOptions.IsConfigured(configuration))
        {
            services.AddSharedJobs(configuration, hasPostgres);
            return;
        }

        if (!RabbitJobServices.IsConfigured(configuration))
        {
            services.AddSingleton<IJobQueue>(provider => new JobQueue(
                journal, provider.GetRequiredService<IOptions<JobOptions>>(), provider.GetRequiredService<IOptions<StreamOptions>>(),
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<JobQueue>>(),
                sharedKeys: provider.GetService<PostgresLedger>()));
            return;
        }

        services.AddSingleton<IJobLedger>(hasPostgres
            ? provider => provider.GetRequiredService<PostgresLedger>()
            : provider => new JournalLedger(ledger, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<JournalLedger>>()));
        services.AddRabbitJobs();
    }
}
