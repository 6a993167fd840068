using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Streams;

/// <summary>
/// One frame as it goes over the wire, encoded once for all readers of its version:
/// <c>event</c>, <c>id: {version}:{offset}</c> and <c>data</c> in one piece, so that no cut splits them.
/// </summary>
/// <param name="Offset">Index of the stored frame in its version.</param>
/// <param name="Bytes">The whole event, its blank line included.</param>
/// <param name="Kind">A piece of the answer, or which end.</param>
/// <param name="DataStart">Where <c>data:</c> begins in <paramref name="Bytes"/>.</param>
/// <param name="End">Bytes of the version up to here, this frame included.</param>
public readonly record struct SseFrame(int Offset, ReadOnlyMemory<byte> Bytes, FrameKind Kind, int DataStart, long End)
{
    private static ReadOnlySpan<byte> LineStart => "data: "u8;

    /// <summary>Whether nothing follows it.</summary>
    public bool IsTerminal => Kind != FrameKind.Delta;

    /// <summary>The event without its name and id: <c>data:</c> and the blank line.</summary>
    public ReadOnlyMemory<byte> DataLines => Bytes[DataStart..];

    /// <summary>The stored JSON.</summary>
    public ReadOnlyMemory<byte> Data
    {
        get
        {
            var data = Bytes[(DataStart + LineStart.Length)..^2];
            return data.Span.Contains((byte)'\n') ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(data.Span).Replace("\ndata: ", "\n", StringComparison.Ordinal)) : data;
        }
    }

    /// <summary>Opens every response, a block of its own: how long an EventSource waits before it comes back.</summary>
    public static ReadOnlySpan<byte> Preamble => "retry: 1000\n\n"u8;

    /// <summary>A comment; readers pass it over.</summary>
    public static ReadOnlySpan<byte> Heartbeat => ":\n\n"u8;

    /// <summary>The longest name of an event, the longest version and the longest offset, and what stands between them.</summary>
    private const int MaxHead = 80;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    /// <summary>Encodes a stored frame.</summary>
    /// <param name="before">Bytes of the version before it.</param>
    public static SseFrame Encode(long version, int offset, FrameWire frame, long before)
    {
        var kind = (FrameKind)frame.Kind;
        Span<byte> head = stackalloc byte[MaxHead];
        Utf8.TryWrite(head, CultureInfo.InvariantCulture, $"event: {EventOf(kind)}\nid: {version}:{offset}\n", out var headLength);
        var data = frame.Data.AsSpan();
        if (data.ContainsAny(LineEnds))
        {
            data = Lines(data);
        }

        var bytes = new byte[headLength + LineStart.Length + data.Length + 2];
        head[..headLength].CopyTo(bytes);
        LineStart.CopyTo(bytes.AsSpan(headLength));
        data.CopyTo(bytes.AsSpan(headLength + LineStart.Length));
        bytes.AsSpan(^2..).Fill((byte)'\n');
        return new SseFrame(offset, bytes, kind, headLength, before + bytes.Length);
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
