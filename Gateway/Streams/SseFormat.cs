using System.Buffers;
using System.Text;

namespace Fairway.Gateway.Streams;

/// <summary>What a version looks like to one kind of reader. Calls come one at a time, in the order of the frames.</summary>
internal abstract class SseFormat
{
    /// <summary>The frames of docs/protocol.md; one for all readers.</summary>
    public static SseFormat Frames { get; } = new FrameFormat();

    /// <summary>Opens a response.</summary>
    public abstract void Begin(IBufferWriter<byte> writer);

    public abstract void Write(IBufferWriter<byte> writer, in SseFrame frame);

    /// <summary>Ends a response before its terminal, because the process is about to end.</summary>
    public abstract void Close(IBufferWriter<byte> writer, int retryMilliseconds);

    private sealed class FrameFormat : SseFormat
    {
        public override void Begin(IBufferWriter<byte> writer) => writer.Write(SseFrame.Preamble);

        public override void Write(IBufferWriter<byte> writer, in SseFrame frame) => writer.Write(frame.Bytes.Span);

        public override void Close(IBufferWriter<byte> writer, int retryMilliseconds) =>
            writer.Write(Encoding.ASCII.GetBytes($"retry: {retryMilliseconds}\n\n"));
    }
}
