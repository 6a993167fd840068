using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Fairway.Core.Balancing;

/// <summary>
/// A ring of points (D. Karger et al., "Consistent hashing and random trees", 1997): each instance has points in number to its
/// weight, and a key belongs to the first point at or after its own position. An instance that leaves gives away only its own keys.
/// Points and positions are the first 4 bytes of SHA-256, so that every language finds the same: docs/balancing.md.
/// </summary>
public sealed class HashRing
{
    private readonly uint[] _positions;
    private readonly int[] _owners;

    // Where the points of each slice of the ring begin: a look-up is one step into a slice and, on average, one more along it.
    private readonly int[] _slices;
    private readonly int _shift;

    /// <param name="ids">Names without duplicates.</param>
    /// <param name="weights">By position; each over 0; 1 is a usual instance's.</param>
    public HashRing(ReadOnlySpan<string> ids, ReadOnlySpan<double> weights)
    {
        var unit = PointsPerUnit(ids.Length);
        var points = new List<(uint Position, int Owner)>(ids.Length * unit);
        for (var i = 0; i < ids.Length; i++)
        {
            AddPoints(points, ids[i], i, Math.Max(1, (int)Math.Min(Math.Floor((weights[i] * unit) + 0.5), 100.0 * unit)));
        }

        var names = ids.ToArray();
        points.Sort((a, b) => a.Position != b.Position ? a.Position.CompareTo(b.Position) : string.CompareOrdinal(names[a.Owner], names[b.Owner]));
        _positions = [.. points.Select(point => point.Position)];
        _owners = [.. points.Select(point => point.Owner)];
        var bits = Math.Max(1, 32 - int.LeadingZeroCount(points.Count));
        _shift = 32 - bits;
        _slices = new int[(1 << bits) + 1];
        for (int slice = 0, point = 0; slice < _slices.Length; slice++)
        {
            while (point < _positions.Length && (ulong)_positions[point] < (ulong)slice << _shift)
            {
                point++;
            }

            _slices[slice] = point;
        }
    }

    /// <summary>How many points there are.</summary>
    public int Count => _positions.Length;

    /// <summary>
    /// Points of an instance of weight 1: many where there are few instances, so that shares follow the weights closely, and fewer
    /// where there are many, so that a ring is made in little time. It changes at 65, 513 and 4,097 instances, and then keys move.
    /// </summary>
    public static int PointsPerUnit(int instances) => instances switch
    {
        <= 64 => 512,
        <= 512 => 128,
        <= 4_096 => 32,
        _ => 8,
    };

    /// <summary>Where a key falls: <c>uint32be(sha256(key)[0..4])</c> over its UTF-8 bytes.</summary>
    public static uint Position(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var length = Encoding.UTF8.GetMaxByteCount(key.Length);
        Span<byte> bytes = length <= 512 ? stackalloc byte[length] : new byte[length];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(key, bytes)], hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    /// <summary>The index of the first point at or after a position, in a circle.</summary>
    public int PointOf(uint position)
    {
        var point = _slices[position >> _shift];
        while (point < _positions.Length && _positions[point] < position)
        {
            point++;
        }

        return point == _positions.Length ? 0 : point;
    }

    /// <summary>Whose a point is: an index into the ids.</summary>
    public int OwnerOf(int point) => _owners[point];

    /// <summary>Points come in eights, the words of <c>sha256(id + "#" + block)</c> in big-endian order; more weight only adds points.</summary>
    private static void AddPoints(List<(uint Position, int Owner)> points, string id, int owner, int count)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        for (var point = 0; point < count; point++)
        {
            if (point % 8 == 0)
            {
                SHA256.HashData(Encoding.UTF8.GetBytes($"{id}#{point / 8}"), hash);
            }

            points.Add((BinaryPrimitives.ReadUInt32BigEndian(hash[(point % 8 * 4)..]), owner));
        }
    }
}
