namespace Fairway.Registry.Memory;

/// <summary>The embedded registry.</summary>
public sealed class MemoryRegistry;
