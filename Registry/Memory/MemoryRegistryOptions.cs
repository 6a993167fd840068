namespace Fairway.Registry.Memory;

/// <summary>Bounds of the embedded registry: the section <c>Registry:Memory</c>.</summary>
public sealed class MemoryRegistryOptions
{
    public const string Section = "Registry:Memory";

    /// <summary>The history kept for watches and reads of the past, in changes; 20,000. Above it the older half is compacted.</summary>
    public int HistoryChanges { get; set; } = 20_000;

    /// <summary>The same in bytes of keys and values; 64 MiB.</summary>
    public long HistoryBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>The shortest time to live of a lease; 1 s. Shorter ones are raised to it.</summary>
    public TimeSpan MinLease { get; set; } = TimeSpan.FromSeconds(1);
}
