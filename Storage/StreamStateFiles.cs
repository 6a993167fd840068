using System.Security.Cryptography;
using System.Text;
using Fairway.Core.Streams;
using Fairway.Grains.Streams;

namespace Fairway.Storage;

/// <summary>
/// Streams under one folder of this machine: a file a user for those whose grain left, whole or not there and taken once; and a journal of
/// the answers that have come to their end.
/// </summary>
internal sealed class StreamStateFiles(string folder, AnswerJournal answers, TimeProvider time) : IStreamStateStore
{
    private const byte Format = 1;

    public bool IsShared => false;

    public async Task SaveAsync(string user, SavedStreams streams)
    {
        Directory.CreateDirectory(folder);
        var path = PathOf(user);
        var bytes = RecordIO.Write(writer =>
        {
            writer.Write(Format);
            writer.WriteTime(time.GetUtcNow());
            writer.Write(streams);
        });
        await using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous))
        {
            await file.WriteAsync(bytes);
            await file.WriteAsync(SHA256.HashData(bytes));
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    /// <exception cref="InvalidDataException">The file is damaged; it is there no more.</exception>
    public async Task<TakenStreams> TakeAsync(string user)
    {
        var kept = answers.Of(user);
        var path = PathOf(user);
        if (!File.Exists(path))
        {
            return TakenStreams.Nothing with { Kept = kept };
        }

        var bytes = await File.ReadAllBytesAsync(path);
        File.Delete(path); // also what cannot be read, or it would be in the way for ever
        var content = bytes.AsMemory(0, Math.Max(0, bytes.Length - SHA256.HashSizeInBytes));
        if (!SHA256.HashData(content.Span).AsSpan().SequenceEqual(bytes.AsSpan(content.Length)))
        {
            throw new InvalidDataException("A file of saved streams is damaged.");
        }

        var (away, streams) = RecordIO.Read(content, Read);
        return new TakenStreams(streams, away > TimeSpan.Zero ? away : TimeSpan.Zero, kept);
    }

    public Task KeepAsync(string user, SavedStream answer) => answers.KeepAsync(user, answer);

    public Task ForgetAsync(string user, long version) => answers.ForgetAsync(user, version);

    private string PathOf(string user) => Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(user))) + ".streams");

    private (TimeSpan Away, SavedStreams Streams) Read(BinaryReader reader) => reader.ReadByte() is Format
        ? (time.GetUtcNow() - reader.ReadTime(), reader.ReadStreams())
        : throw new InvalidDataException("Saved streams have an unknown format.");
}
