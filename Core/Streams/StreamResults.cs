namespace Fairway.Core.Streams;

/// <summary>Whether a request was admitted.</summary>
/// <param name="Version">The version minted for it; 0 when the user holds too many conversations.</param>
public readonly record struct OpenResult(long Version)
{
    public bool IsAdmitted => Version != 0;
}

/// <summary>What became of a worker's frames.</summary>
public enum AppendOutcome
{
    /// <summary>Stored, or stored before.</summary>
    Accepted,

    /// <summary>Frames before these are missing: send again from <see cref="AppendResult.Expected"/>.</summary>
    Gap,

    /// <summary>A later attempt runs: stop.</summary>
    Fenced,

    /// <summary>The version has its terminal or is freed: stop.</summary>
    Ended,
}

/// <param name="Outcome">What became of the frames.</param>
/// <param name="Expected">The offset of the next frame to store.</param>
public readonly record struct AppendResult(AppendOutcome Outcome, int Expected);

/// <summary>What became of an acknowledgement.</summary>
public enum AckResult
{
    Acknowledged,

    /// <summary>No terminal is stored yet.</summary>
    NotFinished,

    /// <summary>Unknown, or freed without having been acknowledged.</summary>
    Gone,
}

/// <summary>What a reader gets from a position on.</summary>
/// <param name="FirstOffset">Offset of the first of <paramref name="Frames"/>.</param>
/// <param name="Frames">Empty when the reader has all there is so far.</param>
/// <param name="State">The version's state.</param>
public readonly record struct ReadResult(int FirstOffset, IReadOnlyList<Frame> Frames, StreamState State);

/// <summary>What is known of a held version.</summary>
public sealed record StreamInfo(long Version, string Conversation, StreamState State, int Frames, DateTimeOffset CreatedAt);
