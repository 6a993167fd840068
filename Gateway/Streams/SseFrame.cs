using System.Buffers;
using System.Globalization;
using System.Text;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Streams;

/// <summary>
/// One frame as it goes over the wire, encoded once for all readers of its version:
/// <c>event</c>, <c>id: {version}:{offset}</c> and <c>data</c> in one piece, so that no cut splits them.
/// </summary>
/// <param name="Offset">Index of the stored frame in its version.</param>
/// <param name="Bytes">The whole event, its blank line included.</param>
/// <param name="IsTerminal">Whether nothing follows it.</param>
/// <param name="End">Bytes of the version up to here, this frame included.</param>
public readonly record struct SseFrame(int Offset, ReadOnlyMemory<byte> Bytes, bool IsTerminal, long End)
{
    /// <summary>Opens every response, a block of its own: how long an EventSource waits before it comes back.</summary>
    public static ReadOnlySpan<byte> Preamble => "retry: 1000\n\n"u8;

    /// <summary>A comment; readers pass it over.</summary>
    public static ReadOnlySpan<byte> Heartbeat => ":\n\n"u8;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    /// <summary>Encodes a stored frame.</summary>
    /// <param name="before">Bytes of the version before it.</param>
    public static SseFrame Encode(long version, int offset, FrameWire frame, long before)
    {
        var bytes = Encode(version, offset, (FrameKind)frame.Kind, frame.Data.AsSpan());
        return new SseFrame(offset, bytes, (FrameKind)frame.Kind != FrameKind.Delta, before + bytes.Length);
    }

    private static byte[] Encode(long version, int offset, FrameKind kind, ReadOnlySpan<byte> data)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"event: {EventOf(kind)}\nid: {version}:{offset}\ndata: "));
        if (data.ContainsAny(LineEnds))
        {
            return [.. head, .. Lines(data), .. "\n\n"u8];
        }

        var bytes = new byte[head.Length + data.Length + 2];
        head.CopyTo(bytes, 0);
        data.CopyTo(bytes.AsSpan(head.Length));
        "\n\n"u8.CopyTo(bytes.AsSpan(head.Length + data.Length));
        return bytes;
    }

    private static string EventOf(FrameKind kind) => kind switch
    {
        FrameKind.Delta => "delta",
        FrameKind.Stop => "stop",
        FrameKind.Error => "error",
        FrameKind.Superseded => "superseded",
        _ => "expired",
    };

    /// <summary>A line end within JSON can only be white space between its tokens; readers join the lines again.</summary>
    private static byte[] Lines(ReadOnlySpan<byte> data) =>
        Encoding.UTF8.GetBytes(string.Join("\ndata: ", Encoding.UTF8.GetString(data).ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries)));
}
