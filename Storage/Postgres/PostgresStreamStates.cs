using Fairway.Core.Streams;
using Fairway.Grains.Streams;
using Npgsql;

namespace Fairway.Storage.Postgres;

/// <summary>Streams on their way from silo to silo, in the database that all of them share. Ages are by the database's clock alone.</summary>
internal sealed class PostgresStreamStates(PostgresStore store, PostgresWriter writer) : IStreamStateStore
{
    private const byte Format = 1;

    public bool IsShared => true;

    public Task SaveAsync(string user, SavedStreams streams) => writer.WriteAsync(Command(
        """
        INSERT INTO saved_streams (usr, state) VALUES ($1, $2)
        ON CONFLICT (usr) DO UPDATE SET state = excluded.state, at = now()
        """,
        user, Encode(bytes => bytes.Write(streams))));

    /// <exception cref="InvalidDataException">A later version of this program wrote it; what was saved is there no more.</exception>
    public Task<TakenStreams> TakeAsync(string user) => store.RunAsync(async (connection, token) =>
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Command("DELETE FROM saved_streams WHERE usr = $1 RETURNING state, now() - at", user));
        batch.BatchCommands.Add(Command("SELECT state, now() - at FROM held_answers WHERE usr = $1 ORDER BY version", user));
        await using var rows = await batch.ExecuteReaderAsync(token);
        SavedStreams? saved = null;
        var away = TimeSpan.Zero;
        while (await rows.ReadAsync(token))
        {
            (saved, away) = (Decode((byte[])rows[0], SavedStreamsCodec.ReadStreams), rows.GetTimeSpan(1));
        }

        await rows.NextResultAsync(token);
        var kept = new List<KeptAnswer>();
        while (await rows.ReadAsync(token))
        {
            kept.Add(new KeptAnswer(Decode((byte[])rows[0], SavedStreamsCodec.ReadStream), rows.GetTimeSpan(1)));
        }

        return new TakenStreams(saved, away, kept);
    });

    public Task KeepAsync(string user, SavedStream answer) => writer.WriteAsync(Command(
        "INSERT INTO held_answers (usr, version, state) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        user, answer.Version, Encode(bytes => bytes.Write(answer))));

    public Task ForgetAsync(string user, long version) =>
        writer.WriteAsync(Command("DELETE FROM held_answers WHERE usr = $1 AND version = $2", user, version));

    private static byte[] Encode(Action<BinaryWriter> write) => RecordIO.Write(writer =>
    {
        writer.Write(Format);
        write(writer);
    });

    private static T Decode<T>(byte[] bytes, Func<BinaryReader, T> read) => RecordIO.Read(bytes, reader => reader.ReadByte() is Format
        ? read(reader)
        : throw new InvalidDataException("Saved streams have an unknown format."));

    private static NpgsqlBatchCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
