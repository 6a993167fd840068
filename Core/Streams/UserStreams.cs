namespace Fairway.Core.Streams;

/// <summary>
/// All streams of one user, as a state machine: commands in, results and effects out. One caller at a time.
/// A conversation has one current version; the versions it superseded are remembered by their terminal alone.
/// </summary>
public sealed class UserStreams(StreamLimits limits, TimeProvider time)
{
    private static readonly Frame InterruptedTerminal =
        Terminals.Error(StreamErrors.Interrupted, "The answer broke off, and its job was delivered again.");

    private readonly Dictionary<long, StreamVersion> _held = [];
    private readonly Dictionary<string, StreamVersion> _current = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Departure> _departed = [];
    private long _highest;
    private int _ownConversations;
    private int _stressConversations;

    /// <summary>Takes back what <see cref="Save()"/> gave; the time in between has passed for it too.</summary>
    /// <param name="limits">The bounds in force.</param>
    /// <param name="time">The clock.</param>
    /// <param name="saved">What was saved.</param>
    /// <param name="away">How long ago that was.</param>
    public UserStreams(StreamLimits limits, TimeProvider time, SavedStreams saved, TimeSpan away)
        : this(limits, time) => TakeBack(saved, away, []);

    /// <summary>Whether nothing is held: no buffer, and no terminal that a late reader may still ask for.</summary>
    public bool IsIdle => _held.Count == 0;

    /// <summary>Conversations with a current version; relayed calls are not counted.</summary>
    public int Conversations => _ownConversations + _stressConversations;

    /// <summary>Bytes of all stored frames but terminals.</summary>
    public long BufferedBytes { get; private set; }

    /// <summary>
    /// Mints the next version, <c>max(now in ms, highest ever seen + 1)</c>, and makes it current; what was current is superseded.
    /// </summary>
    public OpenResult Open(string conversation, ReadOnlyMemory<byte> request, ICollection<StreamEffect> effects)
    {
        if (!_current.TryGetValue(conversation, out var older) && !HasRoomFor(conversation))
        {
            return default;
        }

        var now = time.GetUtcNow();
        var version = Math.Max(now.ToUnixTimeMilliseconds(), _highest + 1);
        if (older is not null)
        {
            Supersede(older, version, effects);
        }

        Hold(new StreamVersion(version, conversation, request, now, time.GetTimestamp()));
        return new OpenResult(version);
    }

    /// <summary>
    /// Takes over a version that another activation minted, for a worker that brings its frames again. An older one of its
    /// conversation is superseded; what was admitted once is not counted against the user again. Refused when this one knows
    /// better: the version was freed here, or a newer one of its conversation is known.
    /// </summary>
    public bool Adopt(long version, string conversation, ReadOnlyMemory<byte> request, ICollection<StreamEffect> effects)
    {
        if (_held.ContainsKey(version))
        {
            return true;
        }

        _current.TryGetValue(conversation, out var older);
        if (_departed.ContainsKey(version) || older?.Version > version)
        {
            return false;
        }

        if (older is not null)
        {
            Supersede(older, version, effects);
        }

        Hold(new StreamVersion(version, conversation, request, time.GetUtcNow(), time.GetTimestamp()));
        return true;
    }

    /// <summary>
    /// A worker is about to call the model. Refused when a later attempt runs, or the version has ended; when an earlier
    /// attempt stored frames, the version ends in <see cref="StreamErrors.Interrupted"/> instead of a second run.
    /// </summary>
    public AppendResult Begin(long version, int attempt, ICollection<StreamEffect> effects)
    {
        if (!_held.TryGetValue(version, out var stream) || stream.HasEnded)
        {
            return new AppendResult(AppendOutcome.Ended, 0);
        }

        if (attempt < stream.Attempt)
        {
            return new AppendResult(AppendOutcome.Fenced, stream.Count);
        }

        stream.Attempt = attempt;
        if (stream.StoredAttempt != 0 && stream.StoredAttempt != attempt)
        {
            End(stream, InterruptedTerminal, StreamState.Failed, effects);
            return new AppendResult(AppendOutcome.Ended, stream.Count);
        }

        return new AppendResult(AppendOutcome.Accepted, stream.Count);
    }

    /// <summary>
    /// Ends an adopted version whose earlier frames are lost: an attempt before this one stored some, and two runs are never joined.
    /// </summary>
    public void Interrupt(long version, ICollection<StreamEffect> effects)
    {
        if (_held.TryGetValue(version, out var stream) && !stream.HasEnded)
        {
            BufferedBytes -= stream.Bytes;
            stream.EndBeyond(limits.MaxBytes, InterruptedTerminal, StreamState.Failed, time.GetTimestamp());
            effects.Add(new StreamEffect.Stored(version, stream.Count - 1));
        }
    }

    /// <summary>For an adopted version of whose conversation a newer one is known, whether that one is still held or not.</summary>
    public void Supersede(long version, long by, ICollection<StreamEffect> effects)
    {
        if (_held.TryGetValue(version, out var stream) && stream.State != StreamState.Superseded && by > version)
        {
            Supersede(stream, by, effects);
        }
    }

    /// <summary>
    /// Stores what attempt <paramref name="attempt"/> brings: <paramref name="frames"/>, the first of which has <paramref name="offset"/>.
    /// Frames that are stored already are passed over, so a reply that was lost may be answered by sending again.
    /// A terminal ends the version; it is <see cref="FrameKind.Stop"/> or <see cref="FrameKind.Error"/>.
    /// </summary>
    public AppendResult Append(long version, int attempt, int offset, IReadOnlyList<Frame> frames, ICollection<StreamEffect> effects)
    {
        var begun = Begin(version, attempt, effects);
        if (begun.Outcome != AppendOutcome.Accepted)
        {
            return begun;
        }

        var stream = _held[version];
        var expected = stream.Count;
        if (offset > expected)
        {
            return new AppendResult(AppendOutcome.Gap, expected);
        }

        for (var i = expected - offset; i < frames.Count && !stream.HasEnded; i++)
        {
            StoreOrEnd(stream, frames[i], attempt, effects);
        }

        if (stream.Count > expected)
        {
            effects.Add(new StreamEffect.Stored(version, expected));
        }

        return new AppendResult(AppendOutcome.Accepted, stream.Count);
    }

    /// <summary>A frame of the version was written to a reader.</summary>
    public void MarkRead(long version)
    {
        if (_held.TryGetValue(version, out var stream))
        {
            stream.IsRead = true;
        }
    }

    /// <summary>Ends the answer where it stands. True when the version is held; repeating it changes nothing.</summary>
    public bool Stop(long version, ICollection<StreamEffect> effects)
    {
        if (!_held.TryGetValue(version, out var stream))
        {
            return false;
        }

        if (!stream.HasEnded)
        {
            effects.Add(new StreamEffect.CancelModel(version));
            End(stream, Terminals.Stopped, StreamState.Stopped, effects);
        }

        return true;
    }

    /// <summary>A version that was minted and whose request goes nowhere: freed at once, and no worker revives it.</summary>
    public void Withdraw(long version, ICollection<StreamEffect> effects)
    {
        if (!_held.TryGetValue(version, out var stream))
        {
            return;
        }

        if (!stream.HasEnded)
        {
            effects.Add(new StreamEffect.CancelModel(version));
        }

        Free(stream, Terminals.Expired, effects);
    }

    /// <summary>
    /// What has to be in history before <see cref="Acknowledge"/> is called; null when nothing has. So an answer is kept before its
    /// buffer is freed.
    /// </summary>
    public StreamEffect.WriteHistory? BeforeAcknowledge(long version) =>
        _held.TryGetValue(version, out var stream) && stream.State is StreamState.Done or StreamState.Stopped
            && ConversationNames.IsInHistory(stream.Conversation)
            ? new StreamEffect.WriteHistory(
                version, stream.Conversation, stream.State, stream.Request, stream.Frames, time.GetUtcNow() - time.GetElapsedTime(stream.EndedAt))
            : null;

    /// <summary>The user has the answer, and its buffer is freed. May be repeated.</summary>
    public AckResult Acknowledge(long version, ICollection<StreamEffect> effects)
    {
        if (_held.TryGetValue(version, out var stream))
        {
            if (!stream.HasEnded)
            {
                return AckResult.NotFinished;
            }

            Free(stream, last: null, effects, acknowledged: true);
            return AckResult.Acknowledged;
        }

        return _departed.TryGetValue(version, out var departure) && departure.IsAcknowledged && !IsForgotten(departure)
            ? AckResult.Acknowledged
            : AckResult.Gone;
    }

    /// <summary>Frames from <paramref name="offset"/> on; null when the version is unknown or freed.</summary>
    public ReadResult? Read(long version, int offset) =>
        _held.TryGetValue(version, out var stream) ? stream.ReadFrom(offset) : null;

    /// <summary>The version that a conversation holds; null when none.</summary>
    public long? Current(string conversation) => _current.TryGetValue(conversation, out var stream) ? stream.Version : null;

    public StreamInfo? Find(long version) => _held.TryGetValue(version, out var stream)
        ? new StreamInfo(version, stream.Conversation, stream.State, stream.Count, stream.CreatedAt)
        : null;

    /// <summary>The request of a held version; null when the version is unknown or freed.</summary>
    public ReadOnlyMemory<byte>? Request(long version) => _held.TryGetValue(version, out var stream) ? stream.Request : null;

    /// <summary>Lets time take effect: what nobody read or acknowledged expires, what was remembered long enough is forgotten.</summary>
    public void Tick(ICollection<StreamEffect> effects)
    {
        foreach (var stream in _held.Values.Where(IsDue).ToArray())
        {
            if (stream.State == StreamState.Superseded)
            {
                Free(stream, last: null, effects);
                continue;
            }

            if (!stream.HasEnded)
            {
                effects.Add(new StreamEffect.CancelModel(stream.Version));
            }

            Free(stream, stream is { IsKept: true, HasEnded: true } ? null : Terminals.Expired, effects); // kept to its time is no failure
        }

        foreach (var version in _departed.Where(entry => IsForgotten(entry.Value)).Select(entry => entry.Key).ToArray())
        {
            _departed.Remove(version);
        }
    }

    /// <summary>
    /// Takes back what another activation saved <paramref name="away"/> ago; the time in between has passed for it too. What is known
    /// better here stands: a version that is held or was freed, and one that a newer one of its conversation has taken the place of.
    /// </summary>
    public void TakeBack(SavedStreams saved, TimeSpan away, ICollection<StreamEffect> effects)
    {
        _highest = Math.Max(_highest, saved.HighestVersion);
        foreach (var departure in saved.Departed)
        {
            _departed.TryAdd(departure.Version, new Departure(Before(departure.Since + away), departure.IsAcknowledged));
        }

        foreach (var stream in saved.Held.OrderBy(stream => stream.Version))
        {
            TakeBack(stream, away, effects);
        }
    }

    /// <summary>One version as <see cref="TakeBack(SavedStreams, TimeSpan, ICollection{StreamEffect})"/> does it.</summary>
    public void TakeBack(SavedStream saved, TimeSpan away, ICollection<StreamEffect> effects)
    {
        var isSuperseded = saved.State == StreamState.Superseded;
        _current.TryGetValue(saved.Conversation, out var current);
        if (_held.ContainsKey(saved.Version) || _departed.ContainsKey(saved.Version) || (!isSuperseded && current?.Version > saved.Version))
        {
            return;
        }

        var held = new StreamVersion(saved, Before(saved.SinceOpened + away), Before(saved.SinceEnded + away));
        if (isSuperseded)
        {
            _held[held.Version] = held;
            return;
        }

        if (current is not null)
        {
            Supersede(current, held.Version, effects);
        }

        Hold(held);
    }

    /// <summary>
    /// A version that has come to its end and waits for its user, as it is kept over the death of its process; null for any other, and
    /// for a relayed call that nobody can come back to, or a stress test's.
    /// </summary>
    public SavedStream? SaveEnded(long version) =>
        _held.TryGetValue(version, out var stream) && stream is { HasEnded: true, State: not StreamState.Superseded }
            && (stream.IsKept || ConversationNames.IsInHistory(stream.Conversation))
            ? Save(stream)
            : null;

    /// <summary>When <see cref="Tick"/> next has something to do with a held version; null when nothing is held or waits for time.</summary>
    public TimeSpan? UntilDue()
    {
        TimeSpan? nearest = null;
        foreach (var stream in _held.Values)
        {
            if (Due(stream) is { } due && !(nearest <= due))
            {
                nearest = due;
            }
        }

        return nearest < TimeSpan.Zero ? TimeSpan.Zero : nearest;
    }

    /// <summary>Everything, to be taken back by another process.</summary>
    public SavedStreams Save() => new(
        _highest,
        [.. _held.Values.Select(Save)],
        [.. _departed.Select(entry => new SavedDeparture(entry.Key, time.GetElapsedTime(entry.Value.At), entry.Value.IsAcknowledged))]);

    private SavedStream Save(StreamVersion stream) =>
        stream.Save(time.GetElapsedTime(stream.OpenedAt), stream.HasEnded ? time.GetElapsedTime(stream.EndedAt) : TimeSpan.Zero);

    /// <summary>A stress test has as much room as its user, and takes none of the user's.</summary>
    private bool HasRoomFor(string conversation) => ConversationNames.IsRelay(conversation)
        || (ConversationNames.IsStress(conversation) ? _stressConversations : _ownConversations) < limits.MaxConversations;

    private bool IsDue(StreamVersion stream) => Due(stream) <= TimeSpan.Zero;

    /// <summary>Time left until the version expires or is forgotten; null when only its end or a reader can bring that about.</summary>
    private TimeSpan? Due(StreamVersion stream) => stream switch
    {
        { State: StreamState.Superseded } => Left(stream.EndedAt, limits.TerminalMemory),
        { IsKept: true } => stream.HasEnded ? Left(stream.EndedAt, limits.Kept) : Left(stream.OpenedAt, limits.KeptUnfinished),
        { IsRead: false, HasEnded: true } => Sooner(Left(stream.OpenedAt, limits.Unread), Left(stream.EndedAt, limits.Unacknowledged)),
        { IsRead: false } => Left(stream.OpenedAt, limits.Unread),
        { HasEnded: true } => Left(stream.EndedAt, limits.Unacknowledged),
        _ => null,
    };

    private TimeSpan Left(long since, TimeSpan limit) => limit - time.GetElapsedTime(since);

    private static TimeSpan Sooner(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private long Before(TimeSpan age) => time.GetTimestamp() - (long)(age.TotalSeconds * time.TimestampFrequency);

    private bool IsForgotten(Departure departure) =>
        IsOver(departure.At, departure.IsAcknowledged ? limits.AcknowledgementMemory : limits.TerminalMemory);

    private bool IsOver(long since, TimeSpan limit) => Left(since, limit) <= TimeSpan.Zero;

    private void Hold(StreamVersion stream)
    {
        _highest = Math.Max(_highest, stream.Version);
        _held[stream.Version] = stream;
        _current.Add(stream.Conversation, stream);
        BufferedBytes += stream.Bytes;
        Count(stream.Conversation, 1);
    }

    /// <summary>It is no longer what its conversation holds; its frames are about to go.</summary>
    private void Leave(StreamVersion stream)
    {
        if (_current.TryGetValue(stream.Conversation, out var current) && current == stream)
        {
            _current.Remove(stream.Conversation);
            BufferedBytes -= stream.Bytes;
            Count(stream.Conversation, -1);
        }
    }

    private void Count(string conversation, int change)
    {
        if (ConversationNames.IsStress(conversation))
        {
            _stressConversations += change;
        }
        else if (!ConversationNames.IsRelay(conversation))
        {
            _ownConversations += change;
        }
    }

    private void Supersede(StreamVersion older, long by, ICollection<StreamEffect> effects)
    {
        Leave(older);
        if (!older.HasEnded)
        {
            effects.Add(new StreamEffect.CancelModel(older.Version));
        }

        older.Supersede(Terminals.SupersededBy(by), time.GetTimestamp());
        effects.Add(new StreamEffect.Stored(older.Version, older.Count - 1));
    }

    private void StoreOrEnd(StreamVersion stream, Frame frame, int attempt, ICollection<StreamEffect> effects)
    {
        if (frame.IsTerminal)
        {
            stream.End(frame, frame.Kind == FrameKind.Stop ? StreamState.Done : StreamState.Failed, time.GetTimestamp());
        }
        else if (stream.Fits(frame.Data.Length, limits.MaxBytes))
        {
            stream.Store(frame, attempt);
            BufferedBytes += frame.Data.Length;
        }
        else
        {
            effects.Add(new StreamEffect.CancelModel(stream.Version));
            stream.End(
                Terminals.Error(StreamErrors.TooLarge, $"The answer is larger than {limits.MaxBytes} bytes."), StreamState.Failed, time.GetTimestamp());
        }
    }

    private void End(StreamVersion stream, Frame terminal, StreamState state, ICollection<StreamEffect> effects)
    {
        var offset = stream.Count;
        stream.End(terminal, state, time.GetTimestamp());
        effects.Add(new StreamEffect.Stored(stream.Version, offset));
    }

    private void Free(StreamVersion stream, Frame? last, ICollection<StreamEffect> effects, bool acknowledged = false)
    {
        _held.Remove(stream.Version);
        _departed[stream.Version] = new Departure(time.GetTimestamp(), acknowledged);
        Leave(stream);
        effects.Add(new StreamEffect.Freed(stream.Version, last is null ? stream.State : StreamState.Expired, stream.Count, last));
    }

    /// <summary>A freed version, remembered so that an acknowledgement may be repeated and no stray worker revives it.</summary>
    private readonly record struct Departure(long At, bool IsAcknowledged);
}
