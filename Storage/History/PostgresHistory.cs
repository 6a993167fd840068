using System.Text;
using Fairway.Grains.Streams;
using Fairway.Storage.Postgres;
using Npgsql;

namespace Fairway.Storage.History;

/// <summary>History in PostgreSQL. Writes that come together share a transaction; pages go by key, so a deep one costs what the first does.</summary>
internal sealed class PostgresHistory(PostgresStore store, PostgresWriter writer) : IHistory
{
    private const string Page = """
        SELECT version, messages, answer, tool_calls, finished_at FROM answers
        WHERE usr = $1 AND conversation = $2 AND version < $3 ORDER BY version DESC LIMIT $4
        """;

    public Task WriteAsync(HistoryEntry entry)
    {
        var answer = AnswerAssembly.Of(entry.Chunks);
        var write = new NpgsqlBatchCommand(
            """
            INSERT INTO answers (usr, version, conversation, messages, answer, tool_calls, finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT DO NOTHING
            """);
        Add(write, entry.User, entry.Version, entry.Conversation, AnswerAssembly.Messages(entry.Request).ToArray(), Encoding.UTF8.GetBytes(answer.Text),
            answer.ToolCalls.ToArray(), entry.FinishedAt.ToUniversalTime());
        return entry.IsAcknowledged
            ? writer.WriteAsync(write, Acknowledgement(entry.User, entry.Version))
            : writer.WriteAsync(write);
    }

    public Task AcknowledgeAsync(string user, long version) => writer.WriteAsync(Acknowledgement(user, version));

    public async ValueTask<bool> WasAcknowledgedAsync(string user, long version) => await store.RunAsync(async (connection, token) =>
    {
        await using var command = new NpgsqlCommand(
            "SELECT 1 FROM acknowledgements WHERE usr = $1 AND version = $2 AND at > now() - interval '24 hours'", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = user });
        command.Parameters.Add(new NpgsqlParameter { Value = version });
        return await command.ExecuteScalarAsync(token) is not null;
    });

    public Task<HistoryPage> PageAsync(string user, string conversation, long before, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return store.RunAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(Page, connection);
                foreach (var value in new object[] { user, conversation, before, (long)limit + 1 })
                {
                    command.Parameters.Add(new NpgsqlParameter { Value = value });
                }

                var items = new List<HistoryItem>();
                await using var rows = await command.ExecuteReaderAsync(token);
                while (await rows.ReadAsync(token))
                {
                    items.Add(new HistoryItem(
                        rows.GetInt64(0), conversation, (byte[])rows[1], Encoding.UTF8.GetString((byte[])rows[2]), (byte[])rows[3],
                        new DateTimeOffset(rows.GetDateTime(4), TimeSpan.Zero)));
                }

                // one more than asked for says whether another page follows
                return items.Count > limit ? new HistoryPage(items[..limit], items[limit - 1].Version) : new HistoryPage(items, null);
            },
            cancellationToken);
    }

    private static NpgsqlBatchCommand Acknowledgement(string user, long version)
    {
        var command = new NpgsqlBatchCommand("INSERT INTO acknowledgements (usr, version) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        Add(command, user, version);
        return command;
    }

    private static void Add(NpgsqlBatchCommand command, params object[] values)
    {
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }
    }
}
