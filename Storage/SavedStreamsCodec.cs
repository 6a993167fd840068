using Fairway.Core.Streams;

namespace Fairway.Storage;

/// <summary>Streams as bytes, in the shapes of <see cref="RecordIO"/>.</summary>
internal static class SavedStreamsCodec
{
    public static void Write(this BinaryWriter writer, SavedStreams streams)
    {
        writer.Write(streams.HighestVersion);
        writer.Write(streams.Held.Count);
        foreach (var held in streams.Held)
        {
            writer.Write(held);
        }

        writer.Write(streams.Departed.Count);
        foreach (var departed in streams.Departed)
        {
            writer.Write(departed.Version);
            writer.Write(departed.Since.Ticks);
            writer.Write(departed.IsAcknowledged);
        }
    }

    public static void Write(this BinaryWriter writer, SavedStream held)
    {
        writer.Write(held.Version);
        writer.Write(held.Conversation);
        writer.WriteRun(held.Request);
        writer.WriteTime(held.CreatedAt);
        writer.Write(held.SinceOpened.Ticks);
        writer.Write(held.SinceEnded.Ticks);
        writer.Write((byte)held.State);
        writer.Write(held.Attempt);
        writer.Write(held.StoredAttempt);
        writer.Write(held.IsRead);
        writer.Write(held.FirstOffset);
        writer.Write(held.Frames.Count);
        foreach (var frame in held.Frames)
        {
            writer.Write((byte)frame.Kind);
            writer.WriteRun(frame.Data);
        }
    }

    /// <exception cref="IOException">The bytes end too early.</exception>
    public static SavedStreams ReadStreams(this BinaryReader reader)
    {
        var highest = reader.ReadInt64();
        var held = Many(reader, ReadStream);
        var departed = Many(reader, r => new SavedDeparture(r.ReadInt64(), new TimeSpan(r.ReadInt64()), r.ReadBoolean()));
        return new SavedStreams(highest, held, departed);
    }

    /// <exception cref="IOException">The bytes end too early.</exception>
    public static SavedStream ReadStream(this BinaryReader reader) => new(
        reader.ReadInt64(), reader.ReadString(), reader.ReadRun(), reader.ReadTime(), new TimeSpan(reader.ReadInt64()),
        new TimeSpan(reader.ReadInt64()), (StreamState)reader.ReadByte(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadBoolean(),
        reader.ReadInt32(), Many(reader, r => new Frame((FrameKind)r.ReadByte(), r.ReadRun())));

    private static T[] Many<T>(BinaryReader reader, Func<BinaryReader, T> read)
    {
        var items = new T[reader.ReadInt32()];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = read(reader);
        }

        return items;
    }
}
