using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Fairway.Core.Lanes;

/// <summary>Which step of the entry rule decided.</summary>
public enum GreyReason
{
    /// <summary>No step matched: base.</summary>
    None,

    /// <summary>The rule's kill switch took the request out of its target.</summary>
    Kill,

    /// <summary>A trusted label was there already.</summary>
    Label,
    Whitelist,
    Region,
    Ratio,
}

/// <summary>The label a request is given at the entry; null is base.</summary>
public readonly record struct GreyAssignment(string? Label, GreyReason Reason);

/// <summary>The entry rule: kill &gt; trusted explicit label &gt; whitelist &gt; region &gt; ratio &gt; base. Pure; the edge computes the same in Lua.</summary>
public static class GreyRouter
{
    /// <summary>Number of buckets users fall into.</summary>
    public const int Buckets = 10_000;

    /// <summary>Decides the label of a request that enters.</summary>
    /// <param name="rule">The called service's rule; null for none.</param>
    /// <param name="label">A label from a caller trusted to set it; null or empty for none.</param>
    /// <param name="user">The user's id, the key of the ratio; null for none, which no ratio hits.</param>
    /// <param name="region">The user's region; null for none.</param>
    public static GreyAssignment Assign(GreyRule? rule, string? label, string? user, string? region)
    {
        var explicitLabel = string.IsNullOrEmpty(label) ? null : label;
        if (rule is { Kill: true })
        {
            // The switch is this rule's: it empties this rule's target and touches no other lane.
            return explicitLabel is null || explicitLabel == rule.Target
                ? new GreyAssignment(null, GreyReason.Kill)
                : new GreyAssignment(explicitLabel, GreyReason.Label);
        }

        if (explicitLabel is not null)
        {
            return new GreyAssignment(explicitLabel, GreyReason.Label);
        }

        if (rule is null)
        {
            return default;
        }

        if (!string.IsNullOrEmpty(user) && rule.Whitelist.Contains(user))
        {
            return new GreyAssignment(rule.Target, GreyReason.Whitelist);
        }

        if (!string.IsNullOrEmpty(region) && rule.Regions.Contains(region))
        {
            return new GreyAssignment(rule.Target, GreyReason.Region);
        }

        return !string.IsNullOrEmpty(user) && Bucket(rule.Salt, user) < rule.RatioPer10000
            ? new GreyAssignment(rule.Target, GreyReason.Ratio)
            : default;
    }

    /// <summary><c>uint32be(sha256(salt + ":" + key)[0..4]) % 10000</c> over the UTF-8 bytes; the same salt and key always fall alike.</summary>
    public static int Bucket(string salt, string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(salt + ":" + key), hash);
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) % Buckets);
    }
}
