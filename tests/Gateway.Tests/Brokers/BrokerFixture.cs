using Fairway.Testing;
using Npgsql;

namespace Fairway.Gateway.Tests.Brokers;

/// <summary>One RabbitMQ and one PostgreSQL for all tests that need them; each test has a queue and a schema of its own.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private static int _names;

    public RabbitMqServer Rabbit { get; private set; } = null!;

    public PostgresServer Postgres { get; private set; } = null!;

    /// <summary>A name that no other test has, for a queue or a schema.</summary>
    public static string NewName() => $"t{Interlocked.Increment(ref _names)}";

    public async Task InitializeAsync()
    {
        var postgres = PostgresServer.StartAsync();
        Rabbit = await RabbitMqServer.StartAsync();
        Postgres = await postgres;
    }

    /// <summary>Settings of a Gateway that uses both.</summary>
    public string[] Settings(string name) => [.. RabbitSettings(name), .. PostgresSettings(name)];

    public string[] RabbitSettings(string queue) => [$"--Jobs:RabbitMq:Uri={Rabbit.Uri}", $"--Jobs:RabbitMq:Queue={queue}"];

    public string[] PostgresSettings(string schema) => [$"--History:Postgres:ConnectionString={Postgres.ConnectionString}", $"--History:Postgres:Schema={schema}"];

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Postgres.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task DisposeAsync()
    {
        var rabbit = Rabbit is null ? ValueTask.CompletedTask : Rabbit.DisposeAsync();
        if (Postgres is not null)
        {
            await Postgres.DisposeAsync();
        }

        await rabbit;
    }
}

[CollectionDefinition(Name)]
public sealed class BrokerCollection : ICollectionFixture<BrokerFixture>
{
    public const string Name = "RabbitMQ and PostgreSQL";
}
