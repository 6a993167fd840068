using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Exporter.Probing;

namespace Fairway.Exporter.Status;

/// <summary>
/// What is to be put for one service: the last state of each instance, and which of it is news. Every batch names all
/// instances its chunk holds down, then the news. An instance keeps its chunk for as long as it is here, since readers take one that a
/// chunk held down and no longer names for up. Thread-safe.
/// </summary>
public sealed class ServiceBoard(TimeProvider time)
{
    /// <summary>Instances in a chunk: with the longest ids and reasons they stay under the registry's 256 KiB a value.</summary>
    public const int ChunkCapacity = 600;

    private const int MaxReasonLength = 64;

    /// <summary>Unchanged figures are told whole again after this, for readers that came later.</summary>
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(10);

    /// <summary>How long a yielded instance stays named: its new owner has stated its life long before.</summary>
    public static readonly TimeSpan YieldFor = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, BoardEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<BoardChunk> _chunks = [];

    public void Add(string id)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(id, out var known))
            {
                known.YieldedAt = null; // it came back; what it was yielded as stands until it is checked
                return;
            }

            var chunk = _chunks.FindIndex(chunk => chunk.Members.Count < ChunkCapacity);
            if (chunk < 0)
            {
                chunk = _chunks.Count;
                _chunks.Add(new BoardChunk());
            }

            var entry = new BoardEntry(id, chunk);
            _entries.Add(id, entry);
            _chunks[chunk].Members.Add(entry);
        }
    }

    /// <summary>It left: it is named no more, down or not.</summary>
    public void Remove(string id)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(id, out var entry))
            {
                Drop(entry);
            }
        }
    }

    /// <summary>
    /// Another exporter probes it from now on. It is named no more, unless it is down: then it is named as <see cref="Life.Yielded"/>
    /// for <see cref="YieldFor"/>, so that it stays down until its new owner speaks, for late readers too.
    /// </summary>
    public void Yield(string id)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(id, out var entry))
            {
                return;
            }

            if (entry.Life is not (Life.Down or Life.Yielded))
            {
                Drop(entry);
                return;
            }

            entry.Life = Life.Yielded;
            entry.Sample = null;
            entry.News = News.None;
            entry.YieldedAt = time.GetTimestamp();
            Mark(entry, News.Life);
        }
    }

    /// <summary>Unknown instances are ignored: a prober may end after its instance left.</summary>
    public void SetLife(string id, Life life, string why)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(id, out var entry) && entry.Life != life && entry.YieldedAt is null)
            {
                entry.Life = life;
                entry.Why = life == Life.Down ? why[..Math.Min(why.Length, MaxReasonLength)] : null;
                Mark(entry, News.Life);
            }
        }
    }

    public void SetSample(string id, SampleNow sample)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(id, out var entry) || entry.YieldedAt is not null)
            {
                return;
            }

            var same = entry.Sample is { } last && last.Load == sample.Load
                && entry.ToldAt is { } told && time.GetElapsedTime(told) < RepeatAfter;
            entry.Sample = sample;
            Mark(entry, same ? News.SampledAgain : News.Sample);
        }
    }

    /// <summary>Everything is news again: the keys are gone from the registry.</summary>
    public void RestateAll()
    {
        lock (_gate)
        {
            foreach (var entry in _entries.Values)
            {
                var news = (entry.Life != Life.Unstated ? News.Life : 0) | (entry.Sample is not null ? News.Sample : 0);
                if (news != News.None)
                {
                    Mark(entry, news);
                }
            }
        }
    }

    /// <summary>The writes that tell all news; the news count as told unless given back.</summary>
    public IReadOnlyList<ChunkWrite> Take()
    {
        lock (_gate)
        {
            DropYielded();
            List<ChunkWrite>? writes = null;
            for (var number = 0; number < _chunks.Count; number++)
            {
                var chunk = _chunks[number];
                if (chunk.Changed)
                {
                    chunk.Changed = false;
                    if (chunk.Members.Count > 0 || chunk.Put)
                    {
                        (writes ??= []).Add(Write(number, chunk));
                    }
                }
            }

            return writes ?? (IReadOnlyList<ChunkWrite>)[];
        }
    }

    /// <summary>The write failed: its news are news again, unless newer ones took their place.</summary>
    public void GiveBack(ChunkWrite write)
    {
        lock (_gate)
        {
            var chunk = _chunks[write.Chunk];
            chunk.Changed = true;
            chunk.Put = true; // it may have arrived all the same
            foreach (var (id, news) in write.Taken)
            {
                if (_entries.TryGetValue(id, out var entry) && entry.Chunk == write.Chunk)
                {
                    Mark(entry, news);
                }
            }
        }
    }

    private void DropYielded()
    {
        foreach (var entry in _entries.Values.Where(entry => entry.YieldedAt is { } at && time.GetElapsedTime(at) >= YieldFor).ToList())
        {
            _chunks[entry.Chunk].Yielded = true;
            Drop(entry);
        }
    }

    private void Drop(BoardEntry entry)
    {
        _entries.Remove(entry.Id);
        var chunk = _chunks[entry.Chunk];
        chunk.Members.Remove(entry);
        chunk.Changed |= entry.Life is Life.Down or Life.Yielded || chunk.Members.Count == 0;
    }

    private ChunkWrite Write(int number, BoardChunk chunk)
    {
        chunk.Put = chunk.Members.Count > 0 || chunk.Yielded;
        chunk.Yielded = false;
        if (!chunk.Put)
        {
            return new ChunkWrite(number, null, []);
        }

        var items = ImmutableArray.CreateBuilder<InstanceStatus>();
        var taken = new List<TakenNews>();
        foreach (var entry in chunk.Members)
        {
            if (entry.News != News.None || entry.Life is Life.Down or Life.Yielded)
            {
                items.Add(Item(entry));
            }

            if (entry.News != News.None)
            {
                taken.Add(new TakenNews(entry.Id, entry.News));
                entry.ToldAt = entry.News.HasFlag(News.Sample) ? time.GetTimestamp() : entry.ToldAt;
                entry.News = News.None;
            }
        }

        return new ChunkWrite(number, new StatusBatch(items.ToImmutable()), taken);
    }

    private InstanceStatus Item(BoardEntry entry)
    {
        var whole = entry.News.HasFlag(News.Sample);
        var again = !whole && entry.News.HasFlag(News.SampledAgain);
        var told = whole || again ? entry.Sample : null;
        return new InstanceStatus
        {
            Id = entry.Id,
            Life = entry.Life,
            DownReason = entry.Why,
            Sample = whole ? told?.Load : null,
            SampledAgain = again,
            SampleAge = told is null ? TimeSpan.Zero : time.GetElapsedTime(told.At),
            ReportInterval = told?.Interval ?? TimeSpan.Zero,
        };
    }

    private void Mark(BoardEntry entry, News news)
    {
        entry.News |= news;
        _chunks[entry.Chunk].Changed = true;
    }
}
