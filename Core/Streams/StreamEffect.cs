namespace Fairway.Core.Streams;

/// <summary>What the shell around <see cref="UserStreams"/> has to do; the state machine performs nothing itself.</summary>
public abstract record StreamEffect(long Version)
{
    /// <summary>New frames are stored from <paramref name="Offset"/> on: tell the readers.</summary>
    public sealed record Stored(long Version, int Offset) : StreamEffect(Version);

    /// <summary>Close the model's connection, also when it has not answered yet.</summary>
    public sealed record CancelModel(long Version) : StreamEffect(Version);

    /// <summary>Keep the answer for good.</summary>
    public sealed record WriteHistory(
        long Version, string Conversation, StreamState State, ReadOnlyMemory<byte> Request, IReadOnlyList<Frame> Frames, DateTimeOffset FinishedAt)
        : StreamEffect(Version);

    /// <summary>The version is gone. <paramref name="Last"/> is for readers that are connected now; later ones find nothing.</summary>
    public sealed record Freed(long Version, StreamState State, int Offset, Frame? Last) : StreamEffect(Version);
}
