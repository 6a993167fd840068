using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Fairway.Core.Streams;

namespace Fairway.GrainInterfaces.Streams;

/// <summary>Bytes that nobody changes.</summary>
[GenerateSerializer, Immutable, Alias("fairway.StreamBytes")]
public sealed record StreamBytes([property: Id(0)] ImmutableArray<byte> Bytes)
{
    public static readonly StreamBytes Empty = new(ImmutableArray<byte>.Empty);

    public ReadOnlyMemory<byte> Memory => ImmutableCollectionsMarshal.AsArray(Bytes);

    /// <summary>Takes the bytes as they are, without a copy, where they fill a whole array.</summary>
    public static StreamBytes From(ReadOnlyMemory<byte> bytes) => new(Wrap(bytes));

    internal static ImmutableArray<byte> Wrap(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Offset == 0 && segment.Array is { } whole && segment.Count == whole.Length
            ? ImmutableCollectionsMarshal.AsImmutableArray(whole)
            : [.. bytes.Span];
}

/// <summary>A <see cref="Frame"/> on its way.</summary>
/// <param name="Kind">The number of a <see cref="FrameKind"/>.</param>
[GenerateSerializer, Immutable, Alias("fairway.Frame")]
public sealed record FrameWire([property: Id(0)] byte Kind, [property: Id(1)] ImmutableArray<byte> Data)
{
    public static FrameWire From(Frame frame) => new((byte)frame.Kind, StreamBytes.Wrap(frame.Data));

    public Frame ToCore() => new((FrameKind)Kind, ImmutableCollectionsMarshal.AsArray(Data));
}

/// <summary>What a worker needs to answer one request, and a grain to take its answer over.</summary>
/// <param name="Attempt">1 for the first delivery of the job; a higher one fences the lower ones.</param>
/// <param name="Request">The request as the user sent it.</param>
/// <param name="MayHaveStored">An earlier attempt may have stored frames that this activation does not know of.</param>
/// <param name="Label">The request's label as a <c>LabelText</c>, unsigned; null for none. Its model is asked under it.</param>
[GenerateSerializer, Immutable, Alias("fairway.StreamJob")]
public sealed record StreamJob(
    [property: Id(0)] string User,
    [property: Id(1)] long Version,
    [property: Id(2)] string Conversation,
    [property: Id(3)] int Attempt,
    [property: Id(4)] StreamBytes Request,
    [property: Id(5)] bool MayHaveStored,
    [property: Id(6)] string? Label = null);

/// <summary>Frames of one attempt; the first has <paramref name="Offset"/>.</summary>
/// <param name="Gateway">The process that the worker is of, which shows to its own readers what <see cref="AppendReply.IsToShow"/> says.</param>
[GenerateSerializer, Immutable, Alias("fairway.StreamAppend")]
public sealed record StreamAppend(
    [property: Id(0)] StreamJob Job,
    [property: Id(1)] int Offset,
    [property: Id(2)] ImmutableArray<FrameWire> Frames,
    [property: Id(3)] string? Gateway = null);

/// <param name="Outcome">The number of an <see cref="AppendOutcome"/>.</param>
/// <param name="Expected">The offset of the next frame to store.</param>
/// <param name="IsToShow">
/// The worker's own process is not told of these frames, which are stored as they were sent: it has them, and shows what is before
/// <paramref name="Expected"/> itself. An end is told to everybody.
/// </param>
[GenerateSerializer, Immutable, Alias("fairway.AppendReply")]
public sealed record AppendReply([property: Id(0)] int Outcome, [property: Id(1)] int Expected, [property: Id(2)] bool IsToShow = false);

/// <summary>Consecutive frames of one version.</summary>
/// <param name="State">The number of a <see cref="StreamState"/>.</param>
[GenerateSerializer, Immutable, Alias("fairway.StreamSlice")]
public sealed record StreamSlice(
    [property: Id(0)] long Version,
    [property: Id(1)] int FirstOffset,
    [property: Id(2)] ImmutableArray<FrameWire> Frames,
    [property: Id(3)] int State);

/// <param name="State">The number of a <see cref="StreamState"/>.</param>
[GenerateSerializer, Immutable, Alias("fairway.StreamSummary")]
public sealed record StreamSummary(
    [property: Id(0)] long Version,
    [property: Id(1)] string Conversation,
    [property: Id(2)] int State,
    [property: Id(3)] int Frames,
    [property: Id(4)] DateTimeOffset CreatedAt);

/// <summary>One kept answer; the bytes are UTF-8 JSON.</summary>
/// <param name="ToolCalls">Empty when there are none.</param>
[GenerateSerializer, Immutable, Alias("fairway.HistoryItem")]
public sealed record HistoryItemWire(
    [property: Id(0)] long Version,
    [property: Id(1)] StreamBytes Messages,
    [property: Id(2)] string Answer,
    [property: Id(3)] StreamBytes ToolCalls,
    [property: Id(4)] DateTimeOffset FinishedAt);

/// <param name="Next">What <c>before</c> has to be for the following page; 0 when this was the last.</param>
[GenerateSerializer, Immutable, Alias("fairway.HistoryPage")]
public sealed record HistoryPageWire([property: Id(0)] ImmutableArray<HistoryItemWire> Items, [property: Id(1)] long Next);
