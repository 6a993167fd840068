using System.Buffers;
using System.Buffers.Text;
using Microsoft.Extensions.Primitives;

namespace Fairway.Gateway.BestList;

/// <summary>
/// A list encoded once and written many times. The document's last members, <c>stale</c> and <c>staleMs</c>, are kept
/// apart: the age of staleness grows while the rest stands.
/// </summary>
public sealed class ListBody
{
    private static readonly byte[] FreshTail = ",\"stale\":false,\"staleMs\":0}"u8.ToArray();
    private readonly byte[] _bytes;
    private readonly int _headLength;

    /// <param name="version">The list's version, unquoted.</param>
    /// <param name="document">A JSON object with at least one member and without the stale ones.</param>
    public ListBody(string version, ReadOnlySpan<byte> document)
    {
        Version = version;
        ETag = new StringValues($"\"{version}\"");
        _headLength = document.Length - 1; // without its closing brace
        _bytes = [.. document[.._headLength], .. FreshTail];
    }

    public string Version { get; }

    /// <summary>The version in quotes, as the header's value.</summary>
    public StringValues ETag { get; }

    /// <summary>The document as UTF-8 JSON.</summary>
    /// <param name="staleFor">For how long it has been stale; null when it is not.</param>
    public ReadOnlyMemory<byte> Document(TimeSpan? staleFor)
    {
        if (staleFor is not { } age)
        {
            return _bytes;
        }

        var writer = new ArrayBufferWriter<byte>(_headLength + 64);
        writer.Write(_bytes.AsSpan(0, _headLength));
        writer.Write(",\"stale\":true,\"staleMs\":"u8);
        Utf8Formatter.TryFormat(Math.Max(0, (long)age.TotalMilliseconds), writer.GetSpan(20), out var written);
        writer.Advance(written);
        writer.Write("}"u8);
        return writer.WrittenMemory;
    }
}
