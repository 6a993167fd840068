using Fairway.Core.Streams;
using Fairway.Grains.Streams;

namespace Fairway.Storage;

/// <summary>
/// Answers that have come to their end and that nobody has acknowledged yet, as a journal: kept, then forgotten. Their frames are those
/// that the grain holds, so keeping them in memory too costs a list. Rewritten once most of it is of forgotten ones.
/// </summary>
internal sealed class AnswerJournal : IAsyncDisposable
{
    private const byte Kept = 1;
    private const byte Forgotten = 2;

    /// <summary>An answer that is this old has expired under any options.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(48);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Dictionary<long, Entry>> _users = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Journal _journal;
    private readonly string _file;
    private readonly long _leastCompactAt;
    private long _compactAt;

    /// <param name="compactAt">Bytes from which the journal is rewritten without what is forgotten.</param>
    public AnswerJournal(string path, TimeProvider time, ILogger<AnswerJournal> logger, long compactAt = 16 << 20)
    {
        (_time, _logger, _leastCompactAt, _compactAt, _file) = (time, logger, compactAt, compactAt, Path.GetFileName(path));
        _journal = Journal.Open(path, (_, record) => Replay(record), out var cut);
        if (cut > 0)
        {
            logger.TailCut(_file, cut);
        }

        CompactIfLarge();
    }

    /// <summary>The answers of a user that are kept, oldest first.</summary>
    public IReadOnlyList<KeptAnswer> Of(string user)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            return _users.TryGetValue(user, out var answers)
                ? [.. answers.Values.OrderBy(entry => entry.Answer.Version).Select(entry => new KeptAnswer(entry.Answer, Positive(now - entry.At)))]
                : [];
        }
    }

    /// <summary>On the disk when this returns.</summary>
    public async Task KeepAsync(string user, SavedStream answer)
    {
        var entry = new Entry(answer, _time.GetUtcNow());
        await _journal.AppendAsync(Encode(user, entry), _ => Add(user, entry));
        CompactIfLarge();
    }

    public Task ForgetAsync(string user, long version)
    {
        if (!Remove(user, version))
        {
            return Task.CompletedTask;
        }

        return _journal.AppendAsync(RecordIO.Write(writer =>
        {
            writer.Write(Forgotten);
            writer.Write(user);
            writer.Write(version);
        }));
    }

    public ValueTask DisposeAsync() => _journal.DisposeAsync();

    private static TimeSpan Positive(TimeSpan age) => age > TimeSpan.Zero ? age : TimeSpan.Zero;

    private static byte[] Encode(string user, Entry entry) => RecordIO.Write(writer =>
    {
        writer.Write(Kept);
        writer.Write(user);
        writer.WriteTime(entry.At);
        writer.Write(entry.Answer);
    });

    private void Replay(ReadOnlyMemory<byte> record) => RecordIO.Read(record, reader =>
    {
        switch (reader.ReadByte())
        {
            case Kept:
                var user = reader.ReadString();
                var at = reader.ReadTime();
                var entry = new Entry(reader.ReadStream(), at);
                if (_time.GetUtcNow() - at < Longest)
                {
                    Add(user, entry);
                }

                return true;
            case Forgotten:
                return Remove(reader.ReadString(), reader.ReadInt64());
            case var other:
                throw new InvalidDataException($"{nameof(AnswerJournal)} has a record of the unknown kind {other}.");
        }
    });

    private void Add(string user, Entry entry)
    {
        lock (_gate)
        {
            if (!_users.TryGetValue(user, out var answers))
            {
                answers = _users[user] = [];
            }

            answers[entry.Answer.Version] = entry;
        }
    }

    private bool Remove(string user, long version)
    {
        lock (_gate)
        {
            if (!_users.TryGetValue(user, out var answers) || !answers.Remove(version))
            {
                return false;
            }

            if (answers.Count == 0)
            {
                _users.Remove(user);
                if (_users.Count == 0)
                {
                    _users.TrimExcess(); // else it keeps the room of the busiest hour
                }
            }

            return true;
        }
    }

    private void CompactIfLarge()
    {
        if (_journal.Length >= Interlocked.Read(ref _compactAt) && Interlocked.Exchange(ref _compactAt, long.MaxValue) != long.MaxValue)
        {
            _ = CompactAsync();
        }
    }

    private async Task CompactAsync()
    {
        try
        {
            await _journal.RewriteAsync(Live);
        }
        catch (Exception failure)
        {
            _logger.NotCompacted(_file, failure);
        }

        Interlocked.Exchange(ref _compactAt, Math.Max(_leastCompactAt, 2 * _journal.Length));
    }

    /// <summary>Runs while nothing is written. What nobody asked for in two days, of a user who never came back, goes too.</summary>
    private List<byte[]> Live()
    {
        lock (_gate)
        {
            var oldest = _time.GetUtcNow() - Longest;
            foreach (var (user, answers) in _users.ToArray())
            {
                foreach (var entry in answers.Values.Where(entry => entry.At < oldest).ToArray())
                {
                    Remove(user, entry.Answer.Version);
                }
            }

            return [.. _users.SelectMany(one => one.Value.Values.Select(entry => Encode(one.Key, entry)))];
        }
    }

    private readonly record struct Entry(SavedStream Answer, DateTimeOffset At);
}
