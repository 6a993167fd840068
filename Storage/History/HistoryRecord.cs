using Fairway.Grains.Streams;

namespace Fairway.Storage.History;

/// <summary>One record of the history journal: an answer, or that a version was acknowledged.</summary>
/// <param name="Item">Null where the record is an acknowledgement only.</param>
/// <param name="AcknowledgedAt">Null where the answer was kept before its user had it.</param>
internal sealed record HistoryRecord(string User, long Version, HistoryItem? Item, DateTimeOffset? AcknowledgedAt)
{
    private const byte Answer = 1;
    private const byte AcknowledgedAnswer = 2;
    private const byte Acknowledgement = 3;

    public byte[] Encode() => RecordIO.Write(writer =>
    {
        writer.Write(Item is null ? Acknowledgement : AcknowledgedAt is null ? Answer : AcknowledgedAnswer);
        writer.Write(User);
        writer.Write(Version);
        if (AcknowledgedAt is { } at)
        {
            writer.WriteTime(at);
        }

        if (Item is { } item)
        {
            writer.Write(item.Conversation);
            writer.WriteTime(item.FinishedAt);
            writer.WriteRun(item.Messages);
            writer.Write(item.Answer);
            writer.WriteRun(item.ToolCalls);
        }
    });

    /// <summary>Whether an encoded record says that its answer was acknowledged.</summary>
    public static bool TellsOfAcknowledgement(ReadOnlySpan<byte> record) => record[0] == AcknowledgedAnswer;

    /// <exception cref="InvalidDataException">A later version of this program wrote it.</exception>
    public static HistoryRecord Decode(ReadOnlyMemory<byte> record) => RecordIO.Read(record, reader =>
    {
        var kind = reader.ReadByte();
        if (kind is not (Answer or AcknowledgedAnswer or Acknowledgement))
        {
            throw new InvalidDataException($"History has a record of the unknown kind {kind}.");
        }

        var user = reader.ReadString();
        var version = reader.ReadInt64();
        DateTimeOffset? at = kind == Answer ? null : reader.ReadTime();
        return new HistoryRecord(user, version, kind == Acknowledgement ? null : ReadItem(reader, version), at);
    });

    private static HistoryItem ReadItem(BinaryReader reader, long version)
    {
        var conversation = reader.ReadString();
        var finishedAt = reader.ReadTime();
        return new HistoryItem(version, conversation, reader.ReadRun(), reader.ReadString(), reader.ReadRun(), finishedAt);
    }
}
