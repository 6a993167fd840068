using System.Collections.Immutable;
using Orleans.Concurrency;

namespace Fairway.GrainInterfaces.Streams;

/// <summary>
/// All streams of one user; the key is the user's <c>sub</c>. It alone mints versions. Frames are pulled by
/// <see cref="Read"/>; a push only says early what a pull would find.
/// </summary>
[Alias("fairway.IUserStreamGrain")]
public interface IUserStreamGrain : IGrainWithStringKey
{
    /// <summary>
    /// Mints a version for a request and supersedes what its conversation holds. A conversation whose name begins with
    /// <c>ConversationNames.Relay</c> is one relayed call, not counted and not in history, or a stress test's, not in history either.
    /// Refusals are 0 and below: <see cref="OpenRefusal"/>.
    /// </summary>
    [Alias("Open")]
    Task<long> Open(string conversation, StreamBytes request);

    /// <summary>
    /// A worker asks whether to call the model. <see cref="AppendReply.Outcome"/> says whether; <paramref name="canceller"/> is told when
    /// it should stop. A version that this activation does not know is taken over, unless it was freed or superseded here.
    /// </summary>
    [Alias("Begin")]
    Task<AppendReply> Begin(StreamJob job, IGenerationCanceller canceller);

    /// <summary>
    /// Jobs of this user that a process which died left behind, oldest first: their readers come back before a worker does. Those whose
    /// frames are lost end in <c>INTERRUPTED</c>, the others wait for their worker. What is known better here is passed over.
    /// </summary>
    [Alias("Restore")]
    Task Restore(ImmutableArray<StreamJob> jobs);

    /// <summary>Stores a worker's frames from an offset on; a gap names the offset to send again from. The rest is as in <see cref="Begin"/>.</summary>
    [Alias("Append")]
    Task<AppendReply> Append(StreamAppend append, IGenerationCanceller canceller);

    /// <summary>
    /// Frames from <paramref name="offset"/> on, and from now on pushes to <paramref name="gateway"/>'s observer until the version is freed
    /// or its lease, 15 s and in one process 90 s, passes without this call. Null: unknown or freed.
    /// </summary>
    /// <param name="isRead">As <see cref="MarkRead"/>, whose word may have been lost.</param>
    [Alias("Read")]
    Task<StreamSlice?> Read(long version, int offset, bool isRead, string gateway, IStreamObserver observer);

    /// <summary>A frame of the version was written to a reader.</summary>
    [Alias("MarkRead")]
    [OneWay]
    Task MarkRead(long version);

    /// <summary>Ends the answer where it stands. False: unknown or freed.</summary>
    [Alias("Stop")]
    Task<bool> Stop(long version);

    /// <summary>The user has the answer; history is written before this returns. The number of a <c>Core.Streams.AckResult</c>.</summary>
    [Alias("Acknowledge")]
    Task<int> Acknowledge(long version);

    /// <summary>The post of this version is refused after all: frees it as if it had expired, and never takes its job.</summary>
    [Alias("Withdraw")]
    Task Withdraw(long version);

    /// <summary>The version a conversation holds; 0 when none.</summary>
    [Alias("Current")]
    [ReadOnly]
    Task<long> Current(string conversation);

    /// <summary>What is known of a held version; null when unknown or freed.</summary>
    [Alias("Find")]
    [ReadOnly]
    Task<StreamSummary?> Find(long version);

    /// <summary>
    /// Whether a version that is not known here, 0 for any, may have been held by another silo and may yet be brought by its worker: this
    /// activation began a moment ago, while silos came or went.
    /// </summary>
    [Alias("MayYetLearn")]
    [ReadOnly]
    Task<bool> MayYetLearn(long version);

    /// <summary>The request of a held version as it was given to <see cref="Open"/>; null when unknown or freed.</summary>
    [Alias("Request")]
    [ReadOnly]
    Task<StreamBytes?> Request(long version);

    /// <summary>Kept answers of one conversation below the version <paramref name="before"/>, newest first, where the silo of this grain keeps them.</summary>
    [Alias("History")]
    [ReadOnly]
    Task<HistoryPageWire> History(string conversation, long before, int limit);
}

/// <summary>Why <see cref="IUserStreamGrain.Open"/> minted no version.</summary>
public static class OpenRefusal
{
    /// <summary>The user holds as many conversations as allowed: 429 <c>TOO_MANY_CONVERSATIONS</c>.</summary>
    public const long TooManyConversations = 0;

    /// <summary>The process buffers as many bytes as allowed: 503 <c>BUFFERS_FULL</c>.</summary>
    public const long BuffersFull = -1;
}

/// <summary>A Gateway process, told what is new in the streams its readers follow. Any of these may be lost.</summary>
[Alias("fairway.IStreamObserver")]
public interface IStreamObserver : IGrainObserver
{
    /// <summary>Frames of one version, with the offset of the first; one that does not fit what the reader holds is pulled.</summary>
    [Alias("Stored")]
    [OneWay]
    Task Stored(string user, StreamSlice slice);

    /// <summary>The version is gone. <paramref name="last"/>, where there is one, goes to those connected now.</summary>
    [Alias("Freed")]
    [OneWay]
    Task Freed(string user, long version, int offset, FrameWire? last);
}

/// <summary>A worker process, told which of its model calls nobody wants any more.</summary>
[Alias("fairway.IGenerationCanceller")]
public interface IGenerationCanceller : IGrainObserver
{
    [Alias("Cancel")]
    [OneWay]
    Task Cancel(string user, long version);
}
