using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;

namespace Fairway.GrpcWire.Wire;

/// <summary>Length-prefixed messages: a compression flag (always 0 here), four bytes of length, the message.</summary>
internal static class FrameWriter
{
    public const int PrefixLength = 5;

    /// <summary>The encoded size of the message without its prefix.</summary>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: above the limit.</exception>
    public static int Measure(IMessage message, int maxBytes)
    {
        var size = message.CalculateSize();
        return size <= maxBytes
            ? size
            : throw new GrpcException(
                GrpcStatus.ResourceExhausted, $"A message of {size} bytes to send is above the limit of {maxBytes}.");
    }

    public static void Write(IBufferWriter<byte> output, IMessage message, int size)
    {
        WritePrefix(output.GetSpan(PrefixLength), size);
        output.Advance(PrefixLength);
        message.WriteTo(output);
    }

    public static async Task WriteAsync(Stream output, IMessage message, int size, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PrefixLength + size);
        try
        {
            WritePrefix(buffer, size);
            message.WriteTo(buffer.AsSpan(PrefixLength, size));
            await output.WriteAsync(buffer.AsMemory(0, PrefixLength + size), ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void WritePrefix(Span<byte> prefix, int size)
    {
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], size);
    }
}
