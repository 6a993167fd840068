using Fairway.GrainInterfaces.Streams;
using Fairway.Storage.History;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Fairway.Storage.Postgres;

/// <summary>Removes what is over, a few thousand rows at a time so that no lock is held for long. Several Gateways may do it at once.</summary>
internal sealed class PostgresCleaner(
    PostgresStore store, PostgresMetrics metrics, IOptions<PostgresOptions> options, IOptions<HistoryOptions> history, TimeProvider time,
    ILogger<PostgresCleaner> logger) : BackgroundService
{
    private const int Rows = 5000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(options.Value.CleanSeconds), time, stoppingToken);
                try
                {
                    await CleanAsync(stoppingToken);
                }
                catch (Exception failure) when (failure is HistoryAwayException or NpgsqlException)
                {
                    logger.NotCleaned(failure);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the process stops
        }
    }

    /// <summary>Removes all that is over now.</summary>
    internal async Task CleanAsync(CancellationToken cancellationToken)
    {
        var day = TimeSpan.FromHours(24);
        await CleanAsync("acknowledgements", "at", day, cancellationToken);
        await CleanAsync("first_frames", "at", day, cancellationToken);
        await CleanAsync("saved_streams", "at", day, cancellationToken);
        await CleanAsync("held_answers", "at", day * 2, cancellationToken);
        await CleanAsync("idempotency_keys", "reserved_until", day + TimeSpan.FromMinutes(5), cancellationToken);
        if (history.Value.Retention is { } retention)
        {
            await CleanAsync("answers", "kept_at", retention, cancellationToken);
        }
    }

    private async Task CleanAsync(string table, string column, TimeSpan age, CancellationToken cancellationToken)
    {
        int removed;
        do
        {
            removed = await store.RunAsync(
                async (connection, token) =>
                {
                    await using var command = new NpgsqlCommand(
                        $"""
                        DELETE FROM {table} WHERE ctid = ANY (ARRAY(
                            SELECT ctid FROM {table} WHERE {column} < now() - $1 LIMIT {Rows}))
                        """,
                        connection);
                    command.Parameters.Add(new NpgsqlParameter { Value = age });
                    return await command.ExecuteNonQueryAsync(token);
                },
                cancellationToken);
            metrics.Forgot(table, removed);
        }
        while (removed == Rows);
    }
}
