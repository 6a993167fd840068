namespace Fairway.Sdk.Orleans;

/// <summary>
/// Keys of grains that run in a lane: <c>lane:{lane}:{key}</c>, so that a lane has an activation of its own beside base's. Base has
/// the bare key; one that itself begins with <c>lane:</c> is written <c>lane::{key}</c>.
/// </summary>
public static class LaneGrainKey
{
    private const string Prefix = "lane:";

    /// <param name="key">As the application has it.</param>
    /// <param name="lane">Null or empty is base.</param>
    public static string Qualify(string key, string? lane)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return !string.IsNullOrEmpty(lane) ? $"{Prefix}{lane}:{key}"
            : key.StartsWith(Prefix, StringComparison.Ordinal) ? $"{Prefix}:{key}"
            : key;
    }

    /// <summary>The lane (empty: base) and the key as the application has it.</summary>
    public static (string Lane, string Key) Parse(string qualified)
    {
        ArgumentNullException.ThrowIfNull(qualified);
        var colon = qualified.StartsWith(Prefix, StringComparison.Ordinal) ? qualified.IndexOf(':', Prefix.Length) : -1;
        return colon < 0 ? ("", qualified) : (qualified[Prefix.Length..colon], qualified[(colon + 1)..]);
    }

    /// <summary>The identity that all lanes share: of the row in storage.</summary>
    internal static GrainId Shared(GrainId grain)
    {
        var (_, key) = Parse(grain.Key.ToString()!);
        return GrainId.Create(grain.Type, key);
    }
}
