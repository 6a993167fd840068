using System.Buffers;
using Fairway.Gateway.Streams;

namespace Fairway.Gateway.Relay;

/// <summary>A version as the events of a response; one for each reader.</summary>
internal sealed class ResponseFormat(ResponseEvents events) : SseFormat
{
    public override void Begin(IBufferWriter<byte> writer) => Write(writer, events.Open());

    public override void Write(IBufferWriter<byte> writer, in SseFrame frame) => Write(writer, events.Take(frame));

    public override void Close(IBufferWriter<byte> writer, int retryMilliseconds)
    {
        // the end of the response says nothing of the answer's: who wants the rest asks for it by id and number
        writer.Write(":\n\n"u8);
    }

    private static void Write(IBufferWriter<byte> writer, IReadOnlyList<byte[]> blocks)
    {
        foreach (var block in blocks)
        {
            writer.Write(block);
        }
    }
}
