using System.Buffers;
using Fairway.Core.Streams;
using Fairway.Gateway.Streams;

namespace Fairway.Gateway.Relay;

/// <summary>A version as the stream of a chat completion: the model's chunks byte for byte, then <c>[DONE]</c>, or an error and no <c>[DONE]</c>.</summary>
internal sealed class ChatFormat : SseFormat
{
    public static ChatFormat Instance { get; } = new();

    public override void Begin(IBufferWriter<byte> writer)
    {
        // the first chunk opens it
    }

    public override void Write(IBufferWriter<byte> writer, in SseFrame frame)
    {
        if (frame.Kind == FrameKind.Delta)
        {
            writer.Write(frame.DataLines.Span);
        }
        else if (RelayError.Of(frame) is { } error)
        {
            WriteError(writer, error);
        }
        else
        {
            writer.Write("data: [DONE]\n\n"u8);
        }
    }

    public override void Close(IBufferWriter<byte> writer, int retryMilliseconds) => WriteError(writer, RelayError.Draining);

    private static void WriteError(IBufferWriter<byte> writer, RelayError error)
    {
        writer.Write("data: "u8);
        writer.Write(error.ToJson());
        writer.Write("\n\n"u8);
    }
}
