namespace Fairway.Core.Telemetry;

/// <summary>The labels of one series, in the order they were given.</summary>
internal readonly record struct LabelSet(KeyValuePair<string, object?>[] Pairs);

/// <summary>Compares labels without copying those of a measurement that belongs to a known series.</summary>
internal sealed class LabelSetComparer :
    IEqualityComparer<LabelSet>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, LabelSet>
{
    public static readonly LabelSetComparer Instance = new();

    public bool Equals(LabelSet x, LabelSet y) => Equals(x.Pairs, y);

    public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, LabelSet other)
    {
        if (alternate.Length != other.Pairs.Length)
        {
            return false;
        }

        for (var i = 0; i < alternate.Length; i++)
        {
            if (alternate[i].Key != other.Pairs[i].Key || !Equals(alternate[i].Value, other.Pairs[i].Value))
            {
                return false;
            }
        }

        return true;
    }

    public int GetHashCode(LabelSet obj) => GetHashCode(obj.Pairs);

    public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
    {
        var hash = new HashCode();
        foreach (var (key, value) in alternate)
        {
            hash.Add(key);
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    public LabelSet Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => new(alternate.ToArray());
}
