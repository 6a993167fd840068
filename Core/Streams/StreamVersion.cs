namespace Fairway.Core.Streams;

/// <summary>One version of a conversation's answer: its frames, and what its end still waits for.</summary>
internal sealed class StreamVersion(long version, string conversation, ReadOnlyMemory<byte> request, DateTimeOffset createdAt, long openedAt)
{
    /// <summary>Takes a saved version back.</summary>
    public StreamVersion(SavedStream saved, long openedAt, long endedAt)
        : this(saved.Version, saved.Conversation, saved.Request, saved.CreatedAt, openedAt)
    {
        _dropped = saved.FirstOffset;
        _frames.AddRange(saved.Frames);
        Bytes = saved.Frames.Where(frame => !frame.IsTerminal).Sum(frame => frame.Data.Length);
        State = saved.State;
        Attempt = saved.Attempt;
        StoredAttempt = saved.StoredAttempt;
        IsRead = saved.IsRead;
        EndedAt = endedAt;
    }

    private readonly List<Frame> _frames = [];
    private int _dropped;

    public long Version { get; } = version;

    public string Conversation { get; } = conversation;

    /// <summary>The request as history keeps it.</summary>
    public ReadOnlyMemory<byte> Request { get; } = request;

    public DateTimeOffset CreatedAt { get; } = createdAt;

    /// <summary>Timestamp of the request.</summary>
    public long OpenedAt { get; } = openedAt;

    /// <summary>Timestamp of the terminal; meaningful once <see cref="HasEnded"/>.</summary>
    public long EndedAt { get; private set; }

    public StreamState State { get; private set; }

    /// <summary>The highest attempt of a worker seen so far.</summary>
    public int Attempt { get; set; }

    /// <summary>The attempt whose frames are stored; 0 before the first.</summary>
    public int StoredAttempt { get; private set; }

    /// <summary>Whether a frame was written to a reader.</summary>
    public bool IsRead { get; set; }

    public IReadOnlyList<Frame> Frames => _frames;

    /// <summary>Bytes of the stored frames but the terminal.</summary>
    public int Bytes { get; private set; }

    /// <summary>Whether it stays a fixed time after its end, read and acknowledged or not.</summary>
    public bool IsKept { get; } = ConversationNames.IsKept(conversation);

    public bool HasEnded => State > StreamState.Streaming;

    /// <summary>
    /// For a version whose frames were lost with the activation that held them: its terminal takes an offset that no reader can have
    /// passed, so that each of them gets it, however far it had read.
    /// </summary>
    public void EndBeyond(int offset, Frame terminal, StreamState state, long now)
    {
        _dropped = offset;
        _frames.Clear();
        Bytes = 0;
        End(terminal, state, now);
    }

    /// <summary>Offset after the last stored frame, the terminal included.</summary>
    public int Count => _dropped + _frames.Count;

    public bool Fits(int bytes, int limit) => Bytes + bytes <= limit;

    /// <summary>The version as it is kept over a restart; ages instead of timestamps.</summary>
    public SavedStream Save(TimeSpan sinceOpened, TimeSpan sinceEnded) => new(
        Version, Conversation, Request, CreatedAt, sinceOpened, sinceEnded, State, Attempt, StoredAttempt, IsRead, _dropped, [.. _frames]);

    public void Store(Frame frame, int attempt)
    {
        _frames.Add(frame);
        Bytes += frame.Data.Length;
        StoredAttempt = attempt;
        State = StreamState.Streaming;
    }

    public void End(Frame terminal, StreamState state, long now)
    {
        _frames.Add(terminal);
        State = state;
        EndedAt = now;
    }

    /// <summary>
    /// Leaves nothing of the answer but that it was superseded. A reader that has not seen the end learns this instead of it, so
    /// the new terminal takes the offset of the old one where there was one.
    /// </summary>
    public void Supersede(Frame terminal, long now)
    {
        _dropped = HasEnded ? Count - 1 : Count;
        _frames.Clear();
        _frames.TrimExcess();
        Bytes = 0;
        End(terminal, StreamState.Superseded, now);
    }

    public ReadResult ReadFrom(int offset)
    {
        var first = Math.Max(offset, _dropped);
        return new ReadResult(first, first >= Count ? [] : _frames[(first - _dropped)..], State);
    }
}
