using Google.Protobuf;

namespace Fairway.Registry.Memory;

/// <summary>
/// Keys from <paramref name="Start"/> up to but without <paramref name="End"/>, in byte order, in etcd's form: an empty
/// end means the one key, an end of one zero byte means no upper bound.
/// </summary>
internal readonly record struct KeyRange(ByteString Start, ByteString End)
{
    public bool IsSingle => End.IsEmpty;

    private bool IsUnbounded => End.Length == 1 && End[0] == 0;

    public static int Compare(ByteString a, ByteString b) => a.Span.SequenceCompareTo(b.Span);

    /// <summary>Where the keys that begin with <paramref name="prefix"/> end: its last byte raised by one, carrying over 0xFF.</summary>
    public static ByteString PrefixEnd(ReadOnlySpan<byte> prefix)
    {
        var end = prefix.TrimEnd((byte)0xFF).ToArray();
        if (end.Length == 0)
        {
            return ByteString.CopyFrom(0);
        }

        end[^1]++;
        return UnsafeByteOperations.UnsafeWrap(end);
    }

    public bool Contains(ByteString key) => IsSingle
        ? key == Start
        : Compare(key, Start) >= 0 && IsBeforeEnd(key);

    public bool IsBeforeEnd(ByteString key) => IsUnbounded || Compare(key, End) < 0;
}
