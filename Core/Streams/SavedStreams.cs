namespace Fairway.Core.Streams;

/// <summary>One user's streams as they are kept over a restart. Ages stand for timestamps, which mean nothing to another process.</summary>
public sealed record SavedStreams(long HighestVersion, IReadOnlyList<SavedStream> Held, IReadOnlyList<SavedDeparture> Departed);

/// <summary>One held version.</summary>
public sealed record SavedStream(
    long Version,
    string Conversation,
    ReadOnlyMemory<byte> Request,
    DateTimeOffset CreatedAt,
    TimeSpan SinceOpened,
    TimeSpan SinceEnded,
    StreamState State,
    int Attempt,
    int StoredAttempt,
    bool IsRead,
    int FirstOffset,
    IReadOnlyList<Frame> Frames);

/// <summary>One freed version that is still remembered.</summary>
public sealed record SavedDeparture(long Version, TimeSpan Since, bool IsAcknowledged);
