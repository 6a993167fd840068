using System.Collections.Frozen;

namespace Fairway.Sdk.Configuration;

/// <summary>All values of one configuration namespace at one moment; immutable.</summary>
/// <param name="Namespace">A name of CONTRACTS 1.</param>
/// <param name="Version">Of the provider's making; null before anything was read.</param>
public sealed record ConfigValues(string Namespace, string? Version, FrozenDictionary<string, string> Values)
{
    /// <summary>The value of a key; null where it is not set.</summary>
    public string? this[string key] => Values.GetValueOrDefault(key);

    public static ConfigValues Empty(string space) => new(space, null, FrozenDictionary<string, string>.Empty);

    public static ConfigValues Of(string space, string? version, IEnumerable<KeyValuePair<string, string>> values) =>
        new(space, version, values.ToFrozenDictionary(StringComparer.Ordinal));

    /// <summary>Whether both hold the same values; versions may differ.</summary>
    public bool HoldsSame(ConfigValues other) =>
        Values.Count == other.Values.Count && Values.All(pair => other.Values.TryGetValue(pair.Key, out var value) && value == pair.Value);
}
