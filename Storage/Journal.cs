using System.Buffers.Binary;
using System.Numerics;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;

namespace Fairway.Storage;

/// <summary>
/// An append-only file of records. A record is its length and the CRC-32C of its bytes, four bytes each, little-endian, then the bytes.
/// Appends that come together share one flush to the disk. A torn tail, from a crash in mid-write, is cut off when the file is opened.
/// </summary>
internal sealed class Journal : IAsyncDisposable
{
    /// <summary>A longer record is taken for garbage.</summary>
    public const int MaxRecord = 64 << 20;

    private const int Header = 8;
    private const int BatchBytes = 1 << 20;
    private const string NewSuffix = ".new";

    private readonly string _path;
    private readonly Channel<Entry> _entries = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writing;
    private SafeFileHandle _file;
    private long _length;
    private int _generation;

    private Journal(string path, SafeFileHandle file, long length)
    {
        (_path, _file, _length) = (path, file, length);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Bytes in the file.</summary>
    public long Length => Interlocked.Read(ref _length);

    /// <summary>Grows with each rewrite, just before positions mean something else; a read that it changed under is to be repeated.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <param name="path">Made where there is none.</param>
    /// <param name="replay">Called for each record in order, with its position.</param>
    /// <param name="cut">Bytes of a torn tail; 0 as a rule.</param>
    /// <exception cref="IOException">The file cannot be used, or another process has it open.</exception>
    public static Journal Open(string path, Action<long, ReadOnlyMemory<byte>> replay, out long cut)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path + NewSuffix); // a rewrite that a crash ended
        var file = OpenFile(path, FileMode.OpenOrCreate);
        try
        {
            var end = Replay(file, replay);
            cut = RandomAccess.GetLength(file) - end;
            if (cut > 0)
            {
                RandomAccess.SetLength(file, end);
            }

            if (end == 0)
            {
                FolderSync.Flush(Path.GetDirectoryName(path)!); // it may be new
            }

            return new Journal(path, file, end);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Adds a record. Returns its position once it is on the disk.</summary>
    /// <param name="written">Called with the position once it is there, before anything else is written; for what a rewrite must know of.</param>
    public Task<long> AppendAsync(ReadOnlyMemory<byte> record, Action<long>? written = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record.Length, MaxRecord);
        return EnqueueAsync(new Entry(record, written));
    }

    /// <summary>
    /// Puts other records in place of all written so far. <paramref name="records"/> is asked between two writes; what it gives must
    /// stand for everything appended before, and may stand for what is still to be appended.
    /// </summary>
    /// <param name="moved">Called with the new position of each record, before anything else is written.</param>
    public Task RewriteAsync(Func<IEnumerable<byte[]>> records, Action<IReadOnlyList<long>>? moved = null) =>
        EnqueueAsync(new Entry(default, null) { Rewrite = records, Moved = moved });

    /// <summary>As <see cref="ReadAsync"/>; for a rewrite, which runs on the thread that writes.</summary>
    /// <exception cref="InvalidDataException">There is no whole record at this position.</exception>
    public byte[] Read(long position)
    {
        var header = new byte[Header];
        if (RandomAccess.Read(_file, header, position) == Header && BinaryPrimitives.ReadInt32LittleEndian(header) is >= 0 and <= MaxRecord and var length)
        {
            var record = new byte[length];
            if (RandomAccess.Read(_file, record, position + Header) == length && Crc(record) == CrcOf(header))
            {
                return record;
            }
        }

        throw NoRecord(position);
    }

    /// <exception cref="InvalidDataException">There is no whole record at this position.</exception>
    public async ValueTask<byte[]> ReadAsync(long position, CancellationToken cancellationToken = default)
    {
        var header = new byte[Header];
        if (await RandomAccess.ReadAsync(_file, header, position, cancellationToken) == Header
            && BinaryPrimitives.ReadInt32LittleEndian(header) is >= 0 and <= MaxRecord and var length)
        {
            var record = new byte[length];
            if (await RandomAccess.ReadAsync(_file, record, position + Header, cancellationToken) == length && Crc(record) == CrcOf(header))
            {
                return record;
            }
        }

        throw NoRecord(position);
    }

    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        await _writing;
        _file.Dispose();
    }

    private InvalidDataException NoRecord(long position) => new($"{Path.GetFileName(_path)} has no whole record at {position}.");

    private static SafeFileHandle OpenFile(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);

    private static long Replay(SafeFileHandle file, Action<long, ReadOnlyMemory<byte>> replay)
    {
        var header = new byte[Header];
        var end = RandomAccess.GetLength(file);
        long position = 0;
        while (position + Header <= end && RandomAccess.Read(file, header, position) == Header)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(header);
            if (length is < 0 or > MaxRecord || position + Header + length > end)
            {
                break;
            }

            var record = new byte[length];
            if (RandomAccess.Read(file, record, position + Header) != length || Crc(record) != CrcOf(header))
            {
                break;
            }

            replay(position, record);
            position += Header + length;
        }

        return position;
    }

    private static uint CrcOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = ~0u;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }

    private Task<long> EnqueueAsync(Entry entry) => _entries.Writer.TryWrite(entry)
        ? entry.Done.Task
        : Task.FromException<long>(new ObjectDisposedException(nameof(Journal)));

    private async Task WriteAsync()
    {
        var batch = new List<Entry>();
        var bytes = new MemoryStream();
        while (await _entries.Reader.WaitToReadAsync())
        {
            while (bytes.Length < BatchBytes && _entries.Reader.TryPeek(out var next) && next.Rewrite is null && _entries.Reader.TryRead(out next))
            {
                next.Position = _length + bytes.Length;
                Write(bytes, next.Record.Span);
                batch.Add(next);
            }

            Finish(batch, () => Flush(bytes));
            batch.Clear();
            bytes.SetLength(0);
            if (_entries.Reader.TryPeek(out var rewrite) && rewrite.Rewrite is { } records && _entries.Reader.TryRead(out _))
            {
                Finish([rewrite], () => Rewrite(records(), rewrite.Moved));
            }
        }
    }

    private static void Write(MemoryStream bytes, ReadOnlySpan<byte> record)
    {
        Span<byte> header = stackalloc byte[Header];
        BinaryPrimitives.WriteInt32LittleEndian(header, record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Crc(record));
        bytes.Write(header);
        bytes.Write(record);
    }

    private static void Finish(List<Entry> entries, Action action)
    {
        try
        {
            action();
            entries.ForEach(entry => entry.Written?.Invoke(entry.Position));
            entries.ForEach(entry => entry.Done.SetResult(entry.Position));
        }
        catch (Exception failure)
        {
            entries.ForEach(entry => entry.Done.SetException(failure));
        }
    }

    private void Flush(MemoryStream bytes)
    {
        if (bytes.Length == 0)
        {
            return;
        }

        try
        {
            RandomAccess.Write(_file, bytes.GetBuffer().AsSpan(0, (int)bytes.Length), _length);
            RandomAccess.FlushToDisk(_file);
            Interlocked.Add(ref _length, bytes.Length);
        }
        catch
        {
            RandomAccess.SetLength(_file, _length); // half a batch must not stand before the next one
            throw;
        }
    }

    private void Rewrite(IEnumerable<byte[]> records, Action<IReadOnlyList<long>>? moved)
    {
        var positions = new List<long>();
        var path = _path + NewSuffix;
        var file = OpenFile(path, FileMode.Create);
        long length = 0;
        var bytes = new MemoryStream();
        try
        {
            foreach (var record in records)
            {
                positions.Add(length + bytes.Length);
                Write(bytes, record);
                if (bytes.Length >= BatchBytes)
                {
                    Put();
                }
            }

            Put();
            RandomAccess.FlushToDisk(file);
            File.Move(path, _path, overwrite: true);
            FolderSync.Flush(Path.GetDirectoryName(_path)!); // or what is appended next could be lost with the new name
        }
        catch
        {
            file.Dispose();
            throw;
        }

        var old = _file;
        Interlocked.Increment(ref _generation);
        _file = file;
        Interlocked.Exchange(ref _length, length);
        moved?.Invoke(positions);
        old.Dispose();

        void Put()
        {
            RandomAccess.Write(file, bytes.GetBuffer().AsSpan(0, (int)bytes.Length), length);
            length += bytes.Length;
            bytes.SetLength(0);
        }
    }

    private sealed class Entry(ReadOnlyMemory<byte> record, Action<long>? written)
    {
        public ReadOnlyMemory<byte> Record { get; } = record;

        public Action<long>? Written { get; } = written;

        public Func<IEnumerable<byte[]>>? Rewrite { get; init; }

        public Action<IReadOnlyList<long>>? Moved { get; init; }

        public long Position { get; set; }

        public TaskCompletionSource<long> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
