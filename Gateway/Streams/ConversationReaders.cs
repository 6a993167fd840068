namespace Fairway.Gateway.Streams;

/// <summary>
/// The versions of one conversation that this process serves. The first frame of a newer one is shown only once no reader writes a
/// delta of an older one any more.
/// </summary>
internal sealed class ConversationReaders(string user, string conversation)
{
    private readonly Lock _gate = new();
    private readonly List<LiveStream> _streams = [];
    private long _shown;

    public string User { get; } = user;

    public string Conversation { get; } = conversation;

    /// <summary>Told of older versions whose end is to be pulled.</summary>
    public required Action<LiveStream> Pull { get; init; }

    public void Add(LiveStream stream)
    {
        lock (_gate)
        {
            _streams.Add(stream);
            if (stream.Version < _shown)
            {
                stream.Retire();
            }
        }
    }

    /// <summary>True when it was the last.</summary>
    public bool Remove(LiveStream stream)
    {
        lock (_gate)
        {
            _streams.Remove(stream);
            return _streams.Count == 0;
        }
    }

    /// <summary>Call before frames of a version are shown.</summary>
    public void Begin(LiveStream stream)
    {
        if (stream.Version <= Volatile.Read(ref _shown))
        {
            return;
        }

        LiveStream[] older;
        lock (_gate)
        {
            if (stream.Version <= _shown)
            {
                return;
            }

            older = [.. _streams.Where(other => other.Version < stream.Version)];
            foreach (var retired in older)
            {
                retired.Retire();
            }

            Volatile.Write(ref _shown, stream.Version);
        }

        foreach (var retired in older.Where(retired => !retired.IsSuperseded))
        {
            Pull(retired);
        }
    }
}
