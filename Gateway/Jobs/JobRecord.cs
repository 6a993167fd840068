using Fairway.Storage;

namespace Fairway.Gateway.Jobs;

/// <summary>One record of the job journal.</summary>
internal abstract record JobRecord(string User)
{
    private enum Kind : byte
    {
        Enqueued = 1,
        FirstFrame = 2,
        Abandoned = 3,
        Completed = 4,
        Key = 5,
        Ended = 6,
        EnqueuedLabelled = 7,
    }

    /// <summary>A job, with the idempotency key of its post and its label where it had one.</summary>
    public sealed record Enqueued(
        string User, long Version, string Conversation, ReadOnlyMemory<byte> Request, DateTimeOffset At, string? IdempotencyKey, ReadOnlyMemory<byte> BodyHash,
        string? Label = null) : JobRecord(User);

    public sealed record FirstFrame(string User, long Version) : JobRecord(User);

    /// <param name="Attempt">The attempt that was given up.</param>
    public sealed record Abandoned(string User, long Version, int Attempt) : JobRecord(User);

    /// <summary>The job is done, and nobody needs to know of it after a restart.</summary>
    public sealed record Completed(string User, long Version) : JobRecord(User);

    /// <summary>The job is done; its answer waits for its acknowledgement.</summary>
    public sealed record Ended(string User, long Version, string Conversation, DateTimeOffset At) : JobRecord(User);

    /// <summary>The key of a job that is done.</summary>
    public sealed record Key(string User, string IdempotencyKey, ReadOnlyMemory<byte> BodyHash, long Version, DateTimeOffset At) : JobRecord(User);

    public byte[] Encode() => RecordIO.Write(writer =>
    {
        switch (this)
        {
            case Enqueued record:
                Begin(writer, record.Label is null ? Kind.Enqueued : Kind.EnqueuedLabelled, record.Version);
                if (record.Label is not null)
                {
                    writer.Write(record.Label);
                }

                writer.Write(record.Conversation);
                writer.WriteRun(record.Request);
                writer.WriteTime(record.At);
                writer.Write(record.IdempotencyKey is not null);
                writer.Write(record.IdempotencyKey ?? "");
                writer.WriteRun(record.BodyHash);
                break;
            case FirstFrame record:
                Begin(writer, Kind.FirstFrame, record.Version);
                break;
            case Abandoned record:
                Begin(writer, Kind.Abandoned, record.Version);
                writer.Write(record.Attempt);
                break;
            case Completed record:
                Begin(writer, Kind.Completed, record.Version);
                break;
            case Ended record:
                Begin(writer, Kind.Ended, record.Version);
                writer.Write(record.Conversation);
                writer.WriteTime(record.At);
                break;
            case Key record:
                Begin(writer, Kind.Key, record.Version);
                writer.Write(record.IdempotencyKey);
                writer.WriteRun(record.BodyHash);
                writer.WriteTime(record.At);
                break;
        }
    });

    /// <exception cref="InvalidDataException">A later version of this program wrote it.</exception>
    public static JobRecord Decode(ReadOnlyMemory<byte> record) => RecordIO.Read<JobRecord>(record, reader =>
    {
        var kind = (Kind)reader.ReadByte();
        var user = reader.ReadString();
        var version = reader.ReadInt64();
        return kind switch
        {
            Kind.Enqueued => ReadEnqueued(reader, user, version, null),
            Kind.EnqueuedLabelled => ReadEnqueued(reader, user, version, reader.ReadString()),
            Kind.FirstFrame => new FirstFrame(user, version),
            Kind.Abandoned => new Abandoned(user, version, reader.ReadInt32()),
            Kind.Completed => new Completed(user, version),
            Kind.Ended => new Ended(user, version, reader.ReadString(), reader.ReadTime()),
            Kind.Key => new Key(user, reader.ReadString(), reader.ReadRun(), version, reader.ReadTime()),
            _ => throw new InvalidDataException($"The job journal has a record of the unknown kind {(byte)kind}."),
        };
    });

    private static Enqueued ReadEnqueued(BinaryReader reader, string user, long version, string? label)
    {
        var conversation = reader.ReadString();
        var request = reader.ReadRun();
        var at = reader.ReadTime();
        var hasKey = reader.ReadBoolean();
        var key = reader.ReadString();
        return new Enqueued(user, version, conversation, request, at, hasKey ? key : null, reader.ReadRun(), label);
    }

    private void Begin(BinaryWriter writer, Kind kind, long version)
    {
        writer.Write((byte)kind);
        writer.Write(User);
        writer.Write(version);
    }
}
