namespace Fairway.Grains.Streams;

/// <summary>
/// Answers kept for good, and which versions were acknowledged lately. What a call that writes has returned from survives a crash.
/// Each call may throw <see cref="GrainInterfaces.Streams.HistoryAwayException"/>; it has then changed nothing that may not be repeated.
/// </summary>
public interface IHistory
{
    /// <summary>Keeps an answer. By user and version: a second time changes nothing but that it may be acknowledged now.</summary>
    Task WriteAsync(HistoryEntry entry);

    /// <summary>Remembers for 24 h that a version was acknowledged, also one whose answer is not kept.</summary>
    Task AcknowledgeAsync(string user, long version);

    /// <summary>Whether the user acknowledged the version within the last 24 h.</summary>
    ValueTask<bool> WasAcknowledgedAsync(string user, long version);

    /// <summary>Answers of one conversation below the version <paramref name="before"/>, newest first.</summary>
    /// <param name="before">Exclusive; <see cref="long.MaxValue"/> for the newest.</param>
    /// <param name="limit">At most so many, 1 or more.</param>
    Task<HistoryPage> PageAsync(string user, string conversation, long before, int limit, CancellationToken cancellationToken = default);
}

/// <summary>One answer as it is kept.</summary>
/// <param name="Request">The user's request, UTF-8 JSON as it was sent.</param>
/// <param name="Chunks">The upstream chunks in order, UTF-8 JSON as they came.</param>
/// <param name="IsAcknowledged">Whether its user has it; false where it is kept at its end already.</param>
public sealed record HistoryEntry(
    string User, long Version, string Conversation, ReadOnlyMemory<byte> Request, IReadOnlyList<ReadOnlyMemory<byte>> Chunks,
    DateTimeOffset FinishedAt, bool IsAcknowledged);

/// <summary>One answer as it is shown.</summary>
/// <param name="Messages">The request's <c>messages</c>, UTF-8 JSON.</param>
/// <param name="Answer">The text of the first choice.</param>
/// <param name="ToolCalls">The tool calls of the first choice put together, a JSON array in UTF-8; empty when there are none.</param>
public sealed record HistoryItem(
    long Version, string Conversation, ReadOnlyMemory<byte> Messages, string Answer, ReadOnlyMemory<byte> ToolCalls, DateTimeOffset FinishedAt);

/// <param name="Next">What <c>before</c> has to be for the following page; null when this was the last.</param>
public sealed record HistoryPage(IReadOnlyList<HistoryItem> Items, long? Next);
