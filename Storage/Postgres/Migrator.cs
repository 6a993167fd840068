using System.Globalization;
using Npgsql;

namespace Fairway.Storage.Postgres;

/// <summary>
/// Brings the schema to the newest version, one transaction a step. An advisory lock lets several Gateways start at once: one migrates,
/// the others find it done.
/// </summary>
internal static class Migrator
{
    private const string Folder = "Migrations/";

    /// <summary>The newest version this program knows.</summary>
    public static int Newest { get; } = Steps().Max(step => step.Version);

    /// <exception cref="InvalidOperationException">A later version of this program migrated the schema.</exception>
    public static async Task RunAsync(NpgsqlConnection connection, string schema, ILogger logger, CancellationToken cancellationToken)
    {
        var current = -1;
        foreach (var (version, name) in Steps().OrderBy(step => step.Version))
        {
            if (version <= current)
            {
                continue;
            }

            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            current = await LockAsync(connection, schema, cancellationToken);
            if (current > Newest)
            {
                throw new InvalidOperationException(
                    $"Schema {schema} is at version {current}, and this program knows {Newest}: run the newer program, or another {PostgresOptions.Section}:Schema.");
            }

            if (version > current)
            {
                logger.Migrating(schema, version);
                await ExecuteAsync(connection, Read(name), cancellationToken);
                await ExecuteAsync(connection, $"INSERT INTO schema_version (version) VALUES ({version})", cancellationToken);
                current = version;
            }

            await transaction.CommitAsync(cancellationToken);
        }
    }

    /// <summary>Held until the transaction ends. Returns the version the schema is at.</summary>
    private static async Task<int> LockAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock(hashtextextended('fairway.migrations.{schema}', 0))", cancellationToken);
        await ExecuteAsync(
            connection,
            $"CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE IF NOT EXISTS schema_version (version int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())",
            cancellationToken);
        await using var command = new NpgsqlCommand("SELECT coalesce(max(version), 0) FROM schema_version", connection);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 60 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static IEnumerable<(int Version, string Name)> Steps() => typeof(Migrator).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
        .Select(name => (int.Parse(Path.GetFileNameWithoutExtension(name), CultureInfo.InvariantCulture), name));

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(Migrator).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
