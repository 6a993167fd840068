using System.Collections;
using System.Text.RegularExpressions;

namespace Fairway.GrpcWire;

/// <summary>
/// Headers or trailers of a call: an ordered multimap with case-insensitive names. Names ending in
/// <c>-bin</c> carry bytes (base64 on the wire), all others printable ASCII text.
/// </summary>
public sealed partial class GrpcMetadata : IEnumerable<KeyValuePair<string, string>>
{
    private const string BinarySuffix = "-bin";

    // Written by the transport itself, or forbidden by HTTP/2.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "grpc-status", "grpc-message", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding",
        "content-type", "content-length", "te", "user-agent", "host", "connection", "transfer-encoding",
        "trailer", "upgrade", "keep-alive", "proxy-connection", "date", "server",
    };

    private readonly List<KeyValuePair<string, string>> _entries = [];

    public int Count => _entries.Count;

    /// <summary>The first value under the name as it stands on the wire (base64 for <c>-bin</c>), or null.</summary>
    public string? this[string name] =>
        _entries.FirstOrDefault(entry => Same(entry.Key, name)).Value;

    /// <summary>Adds a text value; further ones under the same name are kept in order.</summary>
    /// <exception cref="ArgumentException">The name is reserved or not of <c>[0-9a-z_.-]</c>, it ends in <c>-bin</c>,
    /// or the value is not printable ASCII.</exception>
    public GrpcMetadata Add(string name, string value)
    {
        var key = CheckedName(name);
        if (IsBinary(key))
        {
            throw new ArgumentException($"'{name}' carries bytes, not text.", nameof(name));
        }

        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~') || value.Trim().Length != value.Length)
        {
            throw new ArgumentException($"The value of '{name}' is not printable ASCII; use a -bin name.", nameof(value));
        }

        _entries.Add(new(key, value));
        return this;
    }

    /// <summary>Adds a value of bytes.</summary>
    /// <exception cref="ArgumentException">The name is reserved or malformed, or does not end in <c>-bin</c>.</exception>
    public GrpcMetadata Add(string name, ReadOnlySpan<byte> value)
    {
        var key = CheckedName(name);
        if (!IsBinary(key))
        {
            throw new ArgumentException($"'{name}' carries text; names of bytes end in -bin.", nameof(name));
        }

        // Peers must accept both forms; unpadded is what the protocol asks senders for.
        _entries.Add(new(key, Convert.ToBase64String(value).TrimEnd('=')));
        return this;
    }

    /// <summary>The bytes of the first value under a <c>-bin</c> name, or null.</summary>
    public byte[]? GetBinary(string name) => this[name] is { } text ? FromBase64(text) : null;

    /// <summary>Every value under the name as it stands on the wire, in order.</summary>
    public IEnumerable<string> GetAll(string name) =>
        _entries.Where(entry => Same(entry.Key, name)).Select(entry => entry.Value);

    public bool Contains(string name) => _entries.Exists(entry => Same(entry.Key, name));

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Takes a header of the peer as it came; the transport's own are left out.</summary>
    /// <exception cref="GrpcException">INTERNAL: a <c>-bin</c> value is not base64.</exception>
    internal void AddReceived(string name, string? value)
    {
        if (value == null || name.StartsWith(':') || Reserved.Contains(name))
        {
            return;
        }

        var key = name.ToLowerInvariant();
        if (!IsBinary(key))
        {
            _entries.Add(new(key, value));
            return;
        }

        // A proxy may join repeated binary headers with commas, which base64 never contains.
        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (FromBase64(part) == null)
            {
                throw new GrpcException(GrpcStatus.Internal, $"The metadata '{key}' is not base64.");
            }

            _entries.Add(new(key, part));
        }
    }

    internal void AddAll(GrpcMetadata other) => _entries.AddRange(other._entries);

    private static byte[]? FromBase64(string text)
    {
        var unpadded = text.TrimEnd('=');
        var padded = unpadded.PadRight((unpadded.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, bytes, out var length) ? bytes[..length] : null;
    }

    private static string CheckedName(string name)
    {
        var key = name.ToLowerInvariant();
        if (!NamePattern().IsMatch(key) || Reserved.Contains(key))
        {
            throw new ArgumentException($"'{name}' cannot be a metadata name.", nameof(name));
        }

        return key;
    }

    private static bool IsBinary(string key) => key.EndsWith(BinarySuffix, StringComparison.Ordinal);

    private static bool Same(string? key, string name) => string.Equals(key, name, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\A[0-9a-z_.-]+\z")]
    private static partial Regex NamePattern();
}
