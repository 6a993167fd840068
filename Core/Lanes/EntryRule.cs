using System.Buffers.Binary;
using System.Collections.Frozen;
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

/// <summary>
/// The entry rule of one service, made ready to ask: kill &gt; trusted explicit label &gt; whitelist &gt; region &gt; ratio &gt;
/// base. Pure; the edge computes the same in Lua. An answer allocates nothing.
/// </summary>
public sealed class EntryRule
{
    /// <summary>Number of buckets users fall into.</summary>
    public const int Buckets = 10_000;

    private const int LongestOnStack = 512;

    private readonly FrozenSet<string> _whitelist;
    private readonly FrozenSet<string> _regions;

    public EntryRule(GreyRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        Rule = rule;
        _whitelist = rule.Whitelist.ToFrozenSet(StringComparer.Ordinal);
        _regions = rule.Regions.ToFrozenSet(StringComparer.Ordinal);
    }

    public GreyRule Rule { get; }

    /// <summary>Decides the label of a request that enters.</summary>
    /// <param name="rule">The called service's rule; null for none.</param>
    /// <param name="label">A label from a caller trusted to set it; null or empty for none.</param>
    /// <param name="user">The user's id, the key of the ratio; null for none, which no ratio hits.</param>
    /// <param name="region">The user's region; null for none.</param>
    public static GreyAssignment Assign(EntryRule? rule, string? label, string? user, string? region) =>
        rule is not null ? rule.Assign(label, user, region)
        : string.IsNullOrEmpty(label) ? default
        : new GreyAssignment(label, GreyReason.Label);

    /// <inheritdoc cref="Assign(EntryRule?, string?, string?, string?)"/>
    public GreyAssignment Assign(string? label, string? user, string? region)
    {
        var explicitLabel = string.IsNullOrEmpty(label) ? null : label;
        if (Rule.Kill)
        {
            // The switch is this rule's: it empties this rule's target and touches no other lane.
            return explicitLabel is null || explicitLabel == Rule.Target
                ? new GreyAssignment(null, GreyReason.Kill)
                : new GreyAssignment(explicitLabel, GreyReason.Label);
        }

        if (explicitLabel is not null)
        {
            return new GreyAssignment(explicitLabel, GreyReason.Label);
        }

        if (!string.IsNullOrEmpty(user) && _whitelist.Contains(user))
        {
            return new GreyAssignment(Rule.Target, GreyReason.Whitelist);
        }

        if (!string.IsNullOrEmpty(region) && _regions.Contains(region))
        {
            return new GreyAssignment(Rule.Target, GreyReason.Region);
        }

        return !string.IsNullOrEmpty(user) && Bucket(Rule.Salt, user) < Rule.RatioPer10000
            ? new GreyAssignment(Rule.Target, GreyReason.Ratio)
            : default;
    }

    /// <summary><c>uint32be(sha256(salt + ":" + key)[0..4]) % 10000</c> over the UTF-8 bytes; the same salt and key always fall alike.</summary>
    public static int Bucket(string salt, string key)
    {
        ArgumentNullException.ThrowIfNull(salt);
        ArgumentNullException.ThrowIfNull(key);
        var longest = Encoding.UTF8.GetMaxByteCount(salt.Length) + 1 + Encoding.UTF8.GetMaxByteCount(key.Length);
        var bytes = longest <= LongestOnStack ? stackalloc byte[LongestOnStack] : new byte[longest];
        var length = Encoding.UTF8.GetBytes(salt, bytes);
        bytes[length++] = (byte)':';
        length += Encoding.UTF8.GetBytes(key, bytes[length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..length], hash);
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) % Buckets);
    }
}
