using System.Data.Common;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.RabbitMq.Lanes;

namespace Fairway.Sdk.RabbitMq.Outbox;

/// <summary>
/// Messages written with the data they tell of, in one transaction on PostgreSQL, and published afterwards by an <see cref="OutboxRelay"/>. A message
/// keeps the label that was current when it was written.
/// </summary>
/// <param name="table">The table's name, with its schema where it is not in the search path.</param>
public sealed class OutboxTable(string table = "fairway_outbox")
{
    private readonly string _table = IsName(table) ? table : throw new ArgumentException($"'{table}' is no table name: a-z0-9_, a dot after a schema.", nameof(table));

    /// <summary>Makes the table where there is none; several processes may do so at once.</summary>
    public async Task CreateAsync(DbDataSource database, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        await using var command = database.CreateCommand(
            $"""
            SELECT pg_advisory_xact_lock(hashtextextended('fairway.outbox.{_table}', 0));
            CREATE TABLE IF NOT EXISTS {_table} (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic text NOT NULL, message_id text NOT NULL, content_type text,
                label text, body bytea NOT NULL, written_at timestamptz NOT NULL DEFAULT now());
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Adds a message to a transaction; it is published once that commits, and never if it does not.</summary>
    /// <returns>The message's id.</returns>
    public async Task<string> AddAsync(
        DbTransaction transaction, string topic, ReadOnlyMemory<byte> body, LaneMessageOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        Group.CheckTopic(topic);
        var id = options?.Id ?? Guid.CreateVersion7().ToString();
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"INSERT INTO {_table} (topic, message_id, content_type, label, body) VALUES ($1, $2, $3, $4, $5)";
        Add(command, topic);
        Add(command, id);
        Add(command, (object?)options?.ContentType ?? DBNull.Value);
        Add(command, (object?)LabelText.Write(options?.Label ?? LaneContext.Current) ?? DBNull.Value);
        Add(command, body.ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
        return id;
    }

    /// <summary>The oldest messages that no other relay has in hand; they are this transaction's until it ends.</summary>
    internal async Task<List<OutboxMessage>> TakeAsync(DbTransaction transaction, int most, CancellationToken cancellationToken)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"SELECT id, topic, message_id, content_type, label, body FROM {_table} ORDER BY id LIMIT {most} FOR UPDATE SKIP LOCKED";
        var messages = new List<OutboxMessage>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            messages.Add(new OutboxMessage(
                rows.GetInt64(0), rows.GetString(1), rows.GetString(2), rows.IsDBNull(3) ? null : rows.GetString(3),
                LabelText.Read(rows.IsDBNull(4) ? null : rows.GetString(4)), (byte[])rows[5]));
        }

        return messages;
    }

    internal async Task RemoveAsync(DbTransaction transaction, IEnumerable<long> ids, CancellationToken cancellationToken)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"DELETE FROM {_table} WHERE id = ANY ($1)";
        Add(command, ids.ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Add(DbCommand command, object value)
    {
        var parameter = command.CreateParameter();
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }

    private static bool IsName(string name) => name.Split('.') is { Length: 1 or 2 } parts && parts.All(part =>
        part.Length is > 0 and <= 60 && !char.IsAsciiDigit(part[0]) && part.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_'));
}

internal sealed record OutboxMessage(long Id, string Topic, string MessageId, string? ContentType, Label Label, byte[] Body);
