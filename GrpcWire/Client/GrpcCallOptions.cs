namespace Fairway.GrpcWire;

/// <summary>What one call sets for itself.</summary>
public sealed record GrpcCallOptions
{
    /// <summary>
    /// Time from the start of the call to its end, for streams the end of the stream; null for none. It is
    /// told to the server and kept here, on the channel's clock: past it the call ends in DEADLINE_EXCEEDED.
    /// </summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Metadata sent ahead of the first message.</summary>
    public GrpcMetadata? Headers { get; init; }
}
