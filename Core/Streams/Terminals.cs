using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Fairway.Core.Streams;

/// <summary>The terminals of a stream and their JSON.</summary>
public static class Terminals
{
    /// <summary>The model came to its end.</summary>
    public static Frame Done { get; } = new(FrameKind.Stop, """{"reason":"stop"}"""u8.ToArray());

    /// <summary>The user stopped it.</summary>
    public static Frame Stopped { get; } = new(FrameKind.Stop, """{"reason":"stopped"}"""u8.ToArray());

    public static Frame Expired { get; } = new(FrameKind.Expired, "{}"u8.ToArray());

    /// <summary>The version <paramref name="by"/> took its place. Versions are decimal strings in JSON.</summary>
    public static Frame SupersededBy(long by) =>
        new(FrameKind.Superseded, Encoding.UTF8.GetBytes($$"""{"by":"{{by.ToString(CultureInfo.InvariantCulture)}}"}"""));

    /// <param name="retryAfter">Where the other side said when to try again: <c>retryAfter</c>, in whole seconds.</param>
    public static Frame Error(string code, string message, TimeSpan? retryAfter = null)
    {
        var wait = retryAfter is { } time ? $",\"retryAfter\":{(long)Math.Ceiling(time.TotalSeconds)}" : "";
        return new(FrameKind.Error, Encoding.UTF8.GetBytes(
            $$"""{"code":"{{JsonEncodedText.Encode(code)}}","message":"{{JsonEncodedText.Encode(message)}}"{{wait}}}"""));
    }
}
