namespace Fairway.Core.Streams;

/// <summary>Times and bounds of one user's streams.</summary>
public sealed record StreamLimits
{
    /// <summary>A version of which no frame was written to any reader this long after its request expires.</summary>
    public TimeSpan Unread { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A version not acknowledged this long after its end expires.</summary>
    public TimeSpan Unacknowledged { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a superseded version still tells late readers so.</summary>
    public TimeSpan TerminalMemory { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a relayed answer that is kept stays after its end.</summary>
    public TimeSpan Kept { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a relayed answer that is kept may take to come to its end.</summary>
    public TimeSpan KeptUnfinished { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a request may wait for its model before nobody waits for it any more.</summary>
    public TimeSpan UnbegunOf(string conversation) => ConversationNames.IsKept(conversation) ? KeptUnfinished : Unread;

    /// <summary>How long an acknowledgement may be repeated.</summary>
    public TimeSpan AcknowledgementMemory { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Stored bytes a version; one more ends it in the error <see cref="StreamErrors.TooLarge"/>.</summary>
    public int MaxBytes { get; init; } = 1 << 20;

    /// <summary>Conversations a user may hold at once, relayed calls aside.</summary>
    public int MaxConversations { get; init; } = 16;
}

/// <summary>Codes of the <c>error</c> terminal that the stream itself decides on.</summary>
public static class StreamErrors
{
    /// <summary>The job was delivered again after its first frame was stored: two runs of a model are never joined.</summary>
    public const string Interrupted = "INTERRUPTED";

    /// <summary>The answer outgrew <see cref="StreamLimits.MaxBytes"/>.</summary>
    public const string TooLarge = "STREAM_TOO_LARGE";
}
