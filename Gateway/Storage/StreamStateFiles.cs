using System.Security.Cryptography;
using System.Text;
using Fairway.Core.Streams;
using Fairway.Grains.Streams;

namespace Fairway.Gateway.Storage;

/// <summary>A file a user under one folder, whole or not there; taken once.</summary>
internal sealed class StreamStateFiles(string folder, TimeProvider time) : IStreamStateStore
{
    private const byte Format = 1;

    public async Task SaveAsync(string user, SavedStreams streams)
    {
        System.IO.Directory.CreateDirectory(folder);
        var path = PathOf(user);
        var bytes = RecordIO.Write(writer => Write(writer, streams));
        await using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous))
        {
            await file.WriteAsync(bytes);
            await file.WriteAsync(SHA256.HashData(bytes));
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    public async Task<TakenStreams?> TakeAsync(string user)
    {
        var path = PathOf(user);
        if (!File.Exists(path))
        {
            return null;
        }

        var bytes = await File.ReadAllBytesAsync(path);
        File.Delete(path); // also what cannot be read, or it would be in the way for ever
        var content = bytes.AsMemory(0, Math.Max(0, bytes.Length - SHA256.HashSizeInBytes));
        return SHA256.HashData(content.Span).AsSpan().SequenceEqual(bytes.AsSpan(content.Length))
            ? RecordIO.Read(content, Read)
            : throw new InvalidDataException("A file of saved streams is damaged.");
    }

    private string PathOf(string user) => Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(user))) + ".streams");

    private void Write(BinaryWriter writer, SavedStreams streams)
    {
        writer.Write(Format);
        writer.WriteTime(time.GetUtcNow());
        writer.Write(streams.HighestVersion);
        writer.Write(streams.Held.Count);
        foreach (var held in streams.Held)
        {
            Write(writer, held);
        }

        writer.Write(streams.Departed.Count);
        foreach (var departed in streams.Departed)
        {
            writer.Write(departed.Version);
            writer.Write(departed.Since.Ticks);
            writer.Write(departed.IsAcknowledged);
        }
    }

    private static void Write(BinaryWriter writer, SavedStream held)
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

    private TakenStreams Read(BinaryReader reader)
    {
        if (reader.ReadByte() is not Format and var other)
        {
            throw new InvalidDataException($"Saved streams have the unknown format {other}.");
        }

        var away = time.GetUtcNow() - reader.ReadTime();
        var highest = reader.ReadInt64();
        var held = Many(reader, ReadStream);
        var departed = Many(reader, r => new SavedDeparture(r.ReadInt64(), new TimeSpan(r.ReadInt64()), r.ReadBoolean()));
        return new TakenStreams(new SavedStreams(highest, held, departed), away > TimeSpan.Zero ? away : TimeSpan.Zero);
    }

    private static SavedStream ReadStream(BinaryReader reader) => new(
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
