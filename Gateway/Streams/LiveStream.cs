using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Streams;

/// <summary>What happened to frames that were brought.</summary>
internal enum TakeOutcome
{
    /// <summary>They are here, or were.</summary>
    Taken,

    /// <summary>Frames before them are missing: pull.</summary>
    Behind,
}

/// <summary>
/// One version as this process knows it: its frames, encoded once, and the readers that follow. Readers hold positions in it.
/// </summary>
internal sealed class LiveStream(string user, long version, IUserStreamGrain grain, ConversationReaders conversation)
{
    private readonly Lock _gate = new();
    private readonly List<IStreamListener> _readers = [];
    private SseFrame[] _frames = new SseFrame[16];
    private int _count;
    private int _isMarked;
    private int _isAskingAgain;
    private bool _isRetired;
    private bool _isFreed;

    public string User { get; } = user;

    public long Version { get; } = version;

    public IUserStreamGrain Grain { get; } = grain;

    public ConversationReaders Conversation { get; } = conversation;

    /// <summary>Requests that use this object; the hub counts them, and lets go of it when there are none.</summary>
    public int Users { get; set; }

    /// <summary>Timestamp of its last renewal; the hub sets it.</summary>
    public long RenewedAt { get; set; }

    /// <summary>Timestamp of when the last of its users left; the hub sets it.</summary>
    public long UnusedSince { get; set; }

    /// <summary>Renewals in a row at which the grain did not know the version.</summary>
    public int Missed { get; set; }

    /// <summary>Its grain was asked and knew it: what is stored is pushed.</summary>
    public bool IsSubscribed { get; set; }

    /// <summary>Readers are kept up to date with it.</summary>
    public bool IsFollowed => Users > 0 && IsSubscribed && Missed == 0 && !IsOver;

    /// <summary>Whether a frame of it was written to a reader.</summary>
    public bool IsRead => Volatile.Read(ref _isMarked) != 0;

    /// <summary>Offset after the last frame that is here.</summary>
    public int Next { get; private set; }

    /// <summary>Offset of the terminal; null while there is none.</summary>
    public int? Terminal { get; private set; }

    /// <summary>Its last word is that a newer version took its place.</summary>
    public bool IsSuperseded { get; private set; }

    /// <summary>Nothing more comes: the terminal is here, or the version is gone. The end of a retired version is being replaced.</summary>
    public bool IsOver => IsSuperseded || _isFreed || (Terminal is not null && !_isRetired);

    /// <summary>Bytes of all frames so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether it is the caller who is to ask the grain again after a while.</summary>
    public bool BeginAskingAgain() => Interlocked.Exchange(ref _isAskingAgain, 1) == 0;

    public void EndAskingAgain() => Volatile.Write(ref _isAskingAgain, 0);

    /// <summary>Takes frames over, whether pushed or pulled. A pull's answer may leave out frames that are gone for good; a push's may not.</summary>
    public TakeOutcome Take(StreamSlice slice, bool isPull)
    {
        if (slice.Frames.IsDefaultOrEmpty)
        {
            return TakeOutcome.Taken;
        }

        Conversation.Begin(this);
        lock (_gate)
        {
            if ((FrameKind)slice.Frames[^1].Kind == FrameKind.Superseded)
            {
                Supersede(slice);
            }
            else if (_isRetired || (slice.FirstOffset > Next && !isPull))
            {
                return TakeOutcome.Behind;
            }
            else if (!IsOver)
            {
                Append(slice);
            }
        }

        Wake();
        return TakeOutcome.Taken;
    }

    /// <summary>The version is gone; <paramref name="last"/> is its last word to those connected now.</summary>
    public void Free(int offset, FrameWire? last)
    {
        lock (_gate)
        {
            if (Terminal is null && last is not null)
            {
                Add(Math.Max(offset, Next), last);
            }

            _isFreed = true;
        }

        Wake();
    }

    /// <summary>
    /// A newer version of the conversation is about to be shown. When this returns, no reader here writes a delta of this one any more.
    /// </summary>
    public void Retire()
    {
        IStreamListener[] readers;
        lock (_gate)
        {
            _isRetired = true;
            readers = [.. _readers];
        }

        foreach (var reader in readers)
        {
            reader.Barrier();
        }
    }

    /// <summary>Frames from an offset on; once a newer version is shown, the terminal alone.</summary>
    public ReadOnlySpan<SseFrame> From(int offset)
    {
        lock (_gate)
        {
            var (low, high) = (0, _count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = _frames[middle].Offset < offset ? (middle + 1, high) : (low, middle);
            }

            if (_isRetired && !IsSuperseded && low < _count && !_frames[low].IsTerminal)
            {
                low = _count;
            }

            return _frames.AsSpan(low, _count - low);
        }
    }

    public void Add(IStreamListener reader)
    {
        lock (_gate)
        {
            _readers.Add(reader);
        }
    }

    public void Remove(IStreamListener reader)
    {
        lock (_gate)
        {
            _readers.Remove(reader);
        }
    }

    public void AddReadersTo(List<IStreamListener> all)
    {
        lock (_gate)
        {
            all.AddRange(_readers);
        }
    }

    /// <summary>True for the first caller.</summary>
    public bool MarkRead() => Volatile.Read(ref _isMarked) == 0 && Interlocked.Exchange(ref _isMarked, 1) == 0;

    private void Append(StreamSlice slice)
    {
        for (var i = Math.Max(0, Next - slice.FirstOffset); i < slice.Frames.Length; i++)
        {
            Add(slice.FirstOffset + i, slice.Frames[i]);
        }
    }

    private void Supersede(StreamSlice slice)
    {
        if (IsSuperseded)
        {
            return;
        }

        IsSuperseded = true;
        _frames = new SseFrame[1]; // readers may still copy from the old ones
        _count = 0;
        Add(slice.FirstOffset + slice.Frames.Length - 1, slice.Frames[^1]);
    }

    private void Add(int offset, FrameWire frame)
    {
        if (_count == _frames.Length)
        {
            Array.Resize(ref _frames, _count * 2);
        }

        var encoded = SseFrame.Encode(Version, offset, frame, Bytes);
        _frames[_count++] = encoded;
        Bytes = encoded.End;
        Next = offset + 1;
        if (encoded.IsTerminal)
        {
            Terminal = offset;
        }
    }

    /// <summary>One reader, as most streams have, goes on at once; many share the processors.</summary>
    private void Wake()
    {
        IStreamListener? only = null;
        lock (_gate)
        {
            if (_readers.Count == 1)
            {
                only = _readers[0];
            }
            else
            {
                foreach (var reader in _readers)
                {
                    reader.Wake();
                }
            }
        }

        only?.Wake(here: true);
    }
}
