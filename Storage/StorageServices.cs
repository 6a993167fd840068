using Fairway.Grains.Streams;
using Fairway.Storage.History;
using Fairway.Storage.Postgres;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Storage;

/// <summary>How long what a process keeps for users' streams lasts.</summary>
public enum StorageReach
{
    /// <summary>As long as the process.</summary>
    Memory,

    /// <summary>As long as the folder of this process.</summary>
    Folder,

    /// <summary>In a database that all silos of the cluster share.</summary>
    Shared,
}

/// <summary>What a host of users' grains needs: their history, and where their streams wait.</summary>
public static class StorageServices
{
    /// <summary>How far the storage of this configuration reaches.</summary>
    /// <param name="folder">The folder of <see cref="AddStreamStorage"/>.</param>
    public static StorageReach Reach(IConfiguration configuration, string? folder)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return PostgresServices.IsConfigured(configuration) ? StorageReach.Shared : folder is null ? StorageReach.Memory : StorageReach.Folder;
    }

    /// <summary>
    /// Adds <see cref="IHistory"/> and <see cref="IStreamStateStore"/>, in PostgreSQL where the configuration names one. Call it after the
    /// engine was added.
    /// </summary>
    /// <param name="folder">Where journals stand without a database; null keeps everything in memory.</param>
    public static IServiceCollection AddStreamStorage(this IServiceCollection services, IConfiguration configuration, string? folder)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<HistoryOptions>().BindConfiguration(HistoryOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HistoryOptions>, HistoryOptionsValidator>());
        var reach = Reach(configuration, folder);
        if (reach == StorageReach.Shared)
        {
            services.AddPostgres();
            return services;
        }

        services.AddSingleton<IHistory>(provider => new JournalHistory(
            folder is null ? null : Path.Combine(folder, "history.journal"), provider.GetRequiredService<IOptions<HistoryOptions>>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<JournalHistory>>()));
        if (reach == StorageReach.Folder)
        {
            services.AddSingleton(provider => new AnswerJournal(
                Path.Combine(folder!, "answers.journal"), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<AnswerJournal>>()));
            services.Replace(ServiceDescriptor.Singleton<IStreamStateStore>(provider => new StreamStateFiles(
                Path.Combine(folder!, "streams"), provider.GetRequiredService<AnswerJournal>(), provider.GetRequiredService<TimeProvider>())));
        }

        return services;
    }
}
