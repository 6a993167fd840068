using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Text;
using Fairway.Core.Streams;
using Fairway.Gateway.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>What one process shows its readers: gaps, supersession across readers, slow readers, heartbeats.</summary>
public sealed class LiveStreamTests
{
    private readonly ManualClock _clock = new();
    private readonly List<LiveStream> _pulled = [];

    [Fact]
    public void Take_PushWithGap_IsBehindUntilPulled()
    {
        var stream = Stream(Conversation(), 7);
        Assert.Equal(TakeOutcome.Taken, stream.Take(Deltas(7, 0, 2), isPull: false));
        Assert.Equal(TakeOutcome.Behind, stream.Take(Deltas(7, 3, 1), isPull: false));
        Assert.Equal(2, stream.Next);
        Assert.Equal(TakeOutcome.Taken, stream.Take(Deltas(7, 1, 4), isPull: true));
        Assert.Equal([0, 1, 2, 3, 4], Offsets(stream, 0));
        Assert.Equal([3, 4], Offsets(stream, 3));
    }

    [Fact]
    public void Take_SupersededAfterItsStop_ReplacesIt()
    {
        var stream = Stream(Conversation(), 7);
        stream.Take(Deltas(7, 0, 3), isPull: false);
        stream.Take(Slice(7, 3, Terminals.Done, StreamState.Done), isPull: false);
        Assert.Equal(3, stream.Terminal);
        stream.Take(Slice(7, 3, Terminals.SupersededBy(8), StreamState.Superseded), isPull: false);
        Assert.Equal("event: superseded\nid: 7:3\ndata: {\"by\":\"8\"}\n\n", Encoding.UTF8.GetString(stream.From(1)[0].Bytes.Span));
    }

    [Fact]
    public void Begin_OfNewerVersion_HidesOlderDeltasAndPullsTheirEnd()
    {
        var conversation = Conversation();
        var (older, newer) = (Stream(conversation, 7), Stream(conversation, 8));
        older.Take(Deltas(7, 0, 3), isPull: false);
        newer.Take(Deltas(8, 0, 1), isPull: false);
        Assert.Equal([older], _pulled);
        Assert.Empty(Offsets(older, 0));
        Assert.Equal(TakeOutcome.Behind, older.Take(Deltas(7, 3, 1), isPull: false));
        older.Take(Slice(7, 9, Terminals.SupersededBy(8), StreamState.Superseded), isPull: true);
        Assert.Equal([9], Offsets(older, 0));
        Assert.True(older.IsOver);
    }

    [Fact]
    public async Task Write_WhileNewerVersionBegins_NoOlderDeltaAfterItsFirst()
    {
        for (var round = 0; round < 200; round++)
        {
            var conversation = Conversation();
            var (older, newer) = (Stream(conversation, 7), Stream(conversation, 8));
            var log = new WriteLog();
            using var end = new CancellationTokenSource();
            var readers = Enumerable.Range(0, 6).Select(index => Follow(index < 4 ? older : newer, new RecordingWriter(log), end.Token)).ToArray();
            var writing = Task.Run(() =>
            {
                for (var offset = 0; offset < 200; offset++)
                {
                    older.Take(Deltas(7, offset, 1), isPull: false);
                }
            });
            var superseding = Task.Run(() => newer.Take(Deltas(8, 0, 1), isPull: false));
            await Task.WhenAll(writing, superseding);
            older.Take(Slice(7, 200, Terminals.SupersededBy(8), StreamState.Superseded), isPull: true);
            await Task.WhenAll(readers.Take(4));
            newer.Take(Slice(8, 1, Terminals.Done, StreamState.Done), isPull: false);
            await Task.WhenAll(readers);

            var entries = log.Entries;
            var first = Array.FindIndex(entries, text => text.Contains("event: delta\nid: 8:", StringComparison.Ordinal));
            Assert.True(first >= 0);
            Assert.DoesNotContain(entries.Skip(first), text => text.Contains("event: delta\nid: 7:", StringComparison.Ordinal));
            Assert.Equal(4, entries.Count(text => text.Contains("event: superseded\nid: 7:200\n", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Write_SlowReader_IsCutAndNobodyElseWaits()
    {
        var stream = Stream(Conversation(), 7);
        var stuck = new Pipe(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024));
        var cut = new TaskCompletionSource();
        var options = new ServingOptions();
        var slow = new SseReader(stream, 0, stuck.Writer, options, _clock, () => cut.TrySetResult());
        var log = new WriteLog();
        stream.Add(slow);
        using var end = new CancellationTokenSource();
        var slowRun = slow.RunAsync(() => { }, end.Token);
        var fastRun = Follow(stream, new RecordingWriter(log), end.Token);

        var offset = 0;
        while (stream.Bytes < 160 * 1024)
        {
            stream.Take(Deltas(7, offset++, 1, 4000), isPull: false);
        }

        await Eventually.True(() => Buffered(stuck.Reader) >= 64 * 1024); // its write is blocked now
        Assert.False(slow.IsCut);
        _clock.Advance(TimeSpan.FromSeconds(1));
        while (!slow.IsCut)
        {
            Assert.True(stream.Bytes < options.ReaderMaxBytesBehind + (128 * 1024), "a slow reader is not cut");
            stream.Take(Deltas(7, offset++, 1, 4000), isPull: false);
            await Task.Yield();
        }

        await cut.Task;
        stream.Take(Slice(7, offset, Terminals.Done, StreamState.Done), isPull: false);
        await fastRun;
        Assert.Contains($"event: stop\nid: 7:{offset}\n", log.Entries[^1], StringComparison.Ordinal);
        await stuck.Reader.CompleteAsync();
        await slowRun;
    }

    [Fact]
    public async Task Tick_Silence_SendsAComment()
    {
        var stream = Stream(Conversation(), 7);
        var log = new WriteLog();
        var options = new ServingOptions();
        var reader = new SseReader(stream, 0, new RecordingWriter(log), options, _clock, () => { });
        stream.Add(reader);
        using var end = new CancellationTokenSource();
        var run = reader.RunAsync(() => { }, end.Token);
        Assert.False(reader.Tick());
        reader.Beat(); // it has just spoken
        _clock.Advance(TimeSpan.FromSeconds(8));
        Assert.True(reader.Tick());
        reader.Beat();
        await Eventually.True(() => log.Entries.Length == 2);
        Assert.False(reader.Tick());
        reader.Beat();
        Assert.Equal(["retry: 1000\n\n", ":\n\n"], log.Entries);
        Assert.True(options.BeatAfter + options.BeatEvery + options.BeatSpread < options.Heartbeat);
        await end.CancelAsync();
        await run;
    }

    [Fact]
    public void Encode_DataWithLineEnds_IsOneEvent()
    {
        var frame = SseFrame.Encode(7, 0, FrameWire.From(new Frame(FrameKind.Delta, "{\"a\":1,\r\n\"b\":2}"u8.ToArray())), 0);
        Assert.Equal("event: delta\nid: 7:0\ndata: {\"a\":1,\ndata: \"b\":2}\n\n", Encoding.UTF8.GetString(frame.Bytes.Span));
    }

    private static LiveStream Stream(ConversationReaders conversation, long version)
    {
        var stream = new LiveStream("user", version, grain: null!, conversation);
        conversation.Add(stream);
        return stream;
    }

    private static StreamSlice Deltas(long version, int offset, int count, int bytes = 10) => new(
        version, offset,
        [.. Enumerable.Range(0, count).Select(_ => FrameWire.From(new Frame(FrameKind.Delta, Encoding.ASCII.GetBytes($"\"{new string('x', bytes)}\""))))],
        (int)StreamState.Streaming);

    private static long Buffered(PipeReader reader)
    {
        if (!reader.TryRead(out var read))
        {
            return 0;
        }

        reader.AdvanceTo(read.Buffer.Start);
        return read.Buffer.Length;
    }

    private static StreamSlice Slice(long version, int offset, Frame frame, StreamState state) =>
        new(version, offset, ImmutableArray.Create(FrameWire.From(frame)), (int)state);

    private static int[] Offsets(LiveStream stream, int from) => [.. stream.From(from).ToArray().Select(frame => frame.Offset)];

    private Task Follow(LiveStream stream, PipeWriter writer, CancellationToken cancellationToken)
    {
        var reader = new SseReader(stream, 0, writer, new ServingOptions(), _clock, () => { });
        stream.Add(reader);
        return Task.Run(() => reader.RunAsync(() => { }, cancellationToken), CancellationToken.None);
    }

    private ConversationReaders Conversation() => new("user", "main") { Pull = _pulled.Add };

    /// <summary>All flushes of all writers, in order.</summary>
    private sealed class WriteLog
    {
        private readonly List<string> _entries = [];

        public string[] Entries
        {
            get
            {
                lock (_entries)
                {
                    return [.. _entries];
                }
            }
        }

        public void Add(string text)
        {
            lock (_entries)
            {
                _entries.Add(text);
            }
        }
    }

    private sealed class RecordingWriter(WriteLog log) : PipeWriter
    {
        private readonly byte[] _buffer = new byte[128 * 1024];
        private int _written;

        public override void Advance(int bytes) => _written += bytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.AsMemory(_written);

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.AsSpan(_written);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            log.Add(Encoding.UTF8.GetString(_buffer, 0, _written));
            _written = 0;
            return ValueTask.FromResult(default(FlushResult));
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
