using System.Text;

namespace Fairway.Core.Balancing;

/// <summary>
/// Rendezvous hashing, highest random weight: every node scores a key with a hash of both, the highest score owns it
/// (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998). All who know the same nodes agree without
/// talking; a node that leaves gives away only its own keys, and one of n that comes takes a share of 1/n.
/// </summary>
public static class Rendezvous
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    /// <summary>The node that owns <paramref name="key"/>; null where there is none. O(nodes).</summary>
    /// <param name="key">What is to be owned.</param>
    /// <param name="nodes">Names without duplicates; their order does not matter.</param>
    public static string? Owner(string key, IReadOnlyList<string> nodes)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(nodes);
        string? owner = null;
        var highest = 0ul;
        var keyHash = Hash(key);
        for (var i = 0; i < nodes.Count; i++)
        {
            var score = Mix(keyHash ^ Mix(Hash(nodes[i])));
            if (owner is null || score > highest || (score == highest && string.CompareOrdinal(nodes[i], owner) < 0))
            {
                owner = nodes[i];
                highest = score;
            }
        }

        return owner;
    }

    /// <summary>FNV-1a over UTF-8, 64 bits: the same in every process, unlike the framework's string hash.</summary>
    private static ulong Hash(string text)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(Math.Min(text.Length, 256))];
        var hash = FnvOffset;
        for (var start = 0; start < text.Length; start += 256)
        {
            var count = Encoding.UTF8.GetBytes(text.AsSpan(start, Math.Min(256, text.Length - start)), bytes);
            foreach (var unit in bytes[..count])
            {
                hash = (hash ^ unit) * FnvPrime;
            }
        }

        return hash;
    }

    /// <summary>The finaliser of SplitMix64: names that differ in their last character score apart in all bits.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
