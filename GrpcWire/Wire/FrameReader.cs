using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Fairway.GrpcWire.Wire;

/// <summary>
/// Reads length-prefixed messages of one direction of a call. The length is checked against the limit
/// before anything is buffered for it.
/// </summary>
/// <param name="input">The body; the caller completes it.</param>
/// <param name="maxBytes">Largest message taken, in bytes without the prefix.</param>
/// <param name="encoding">The peer's <c>grpc-encoding</c>.</param>
/// <param name="unsupportedEncoding">What a message of an encoding not known here means on this side: UNIMPLEMENTED
/// for a server, INTERNAL for a client.</param>
internal sealed class FrameReader(PipeReader input, int maxBytes, string? encoding, GrpcStatus unsupportedEncoding)
{
    /// <summary>The body ended, cleanly or inside a message.</summary>
    public bool Ended { get; private set; }

    /// <summary>The next message, or null when the body ended between messages.</summary>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: too large. INTERNAL: malformed or cut. UNIMPLEMENTED or INTERNAL: compressed.</exception>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken ct)
        where T : class, IMessage<T>
    {
        while (true)
        {
            var read = await input.ReadAsync(ct);
            var buffer = read.Buffer;
            var consumed = buffer.Start;
            var examined = buffer.End;
            try
            {
                if (TryTake(ref buffer, out var payload))
                {
                    consumed = buffer.Start;
                    examined = consumed;
                    return parser.ParseFrom(payload);
                }
            }
            catch (InvalidProtocolBufferException e)
            {
                throw new GrpcException(GrpcStatus.Internal, "A message could not be decoded.", inner: e);
            }
            finally
            {
                input.AdvanceTo(consumed, examined);
            }

            if (read.IsCompleted)
            {
                Ended = true;
                return buffer.IsEmpty
                    ? null
                    : throw new GrpcException(GrpcStatus.Internal, "The peer ended the call inside a message.");
            }
        }
    }

    private bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (buffer.Length < FrameWriter.PrefixLength)
        {
            return false;
        }

        Span<byte> prefix = stackalloc byte[FrameWriter.PrefixLength];
        buffer.Slice(0, FrameWriter.PrefixLength).CopyTo(prefix);
        CheckCompression(prefix[0]);
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > (uint)maxBytes)
        {
            throw new GrpcException(
                GrpcStatus.ResourceExhausted, $"A received message of {length} bytes is above the limit of {maxBytes}.");
        }

        if (buffer.Length < FrameWriter.PrefixLength + length)
        {
            return false;
        }

        payload = buffer.Slice(FrameWriter.PrefixLength, length);
        buffer = buffer.Slice(payload.End);
        return true;
    }

    private void CheckCompression(byte flag)
    {
        switch (flag)
        {
            case 0:
                return;
            case 1 when encoding is not (null or Headers.Identity):
                throw new GrpcException(unsupportedEncoding, $"The message encoding '{encoding}' is not supported.");
            case 1:
                throw new GrpcException(GrpcStatus.Internal, "A message is marked compressed without a grpc-encoding.");
            default:
                throw new GrpcException(GrpcStatus.Internal, $"A message has the compression flag {flag}.");
        }
    }
}
