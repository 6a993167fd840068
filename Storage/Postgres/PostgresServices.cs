using Fairway.Grains.Streams;
using Fairway.Storage.History;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fairway.Storage.Postgres;

/// <summary>What history on PostgreSQL needs of the host.</summary>
internal static class PostgresServices
{
    /// <summary>Whether the configuration names a database.</summary>
    public static bool IsConfigured(IConfiguration configuration) => configuration[$"{PostgresOptions.Section}:ConnectionString"] is { Length: > 0 };

    public static void AddPostgres(this IServiceCollection services)
    {
        services.AddOptions<PostgresOptions>().BindConfiguration(PostgresOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PostgresOptions>, PostgresOptionsValidator>();
        services.AddSingleton<PostgresMetrics>();
        services.AddSingleton<PostgresStore>();
        services.AddHostedService(provider => provider.GetRequiredService<PostgresStore>());
        services.AddSingleton<PostgresWriter>();
        services.AddSingleton<IHistory, PostgresHistory>();
        services.Replace(ServiceDescriptor.Singleton<IStreamStateStore, PostgresStreamStates>());
        services.AddSingleton<PostgresCleaner>();
        services.AddHostedService(provider => provider.GetRequiredService<PostgresCleaner>());
    }
}
