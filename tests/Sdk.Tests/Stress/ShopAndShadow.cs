using Fairway.Testing;
using Npgsql;

namespace Fairway.Sdk.Tests.Stress;

/// <summary>A PostgreSQL with the databases <c>shop</c>, which has orders, and <c>shadow</c>, which has none.</summary>
public sealed class ShopAndShadow : IAsyncLifetime
{
    private PostgresServer _postgres = null!;

    public NpgsqlDataSource Open(string database) =>
        NpgsqlDataSource.Create(_postgres.ConnectionString.Replace("Database=postgres", $"Database={database}", StringComparison.Ordinal));

    public async Task InitializeAsync()
    {
        _postgres = await PostgresServer.StartAsync();
        await using var admin = NpgsqlDataSource.Create(_postgres.ConnectionString);
        foreach (var name in new[] { "shop", "shadow" })
        {
            await ExecuteAsync(admin, $"create database {name}");
            await using var database = Open(name);
            await ExecuteAsync(database, "create table orders (id serial primary key, who text)");
        }

        await using var shop = Open("shop");
        await ExecuteAsync(shop, "insert into orders (who) select 'user-' || i from generate_series(1, 100) i");
    }

    public Task DisposeAsync() => _postgres.DisposeAsync().AsTask();

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
