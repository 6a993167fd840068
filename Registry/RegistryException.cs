namespace Fairway.Registry;

/// <summary>Why a registry call failed.</summary>
public enum RegistryError
{
    /// <summary>No endpoint answers in time.</summary>
    Away,

    /// <summary>The revision asked for is compacted away.</summary>
    Compacted,

    /// <summary>The lease does not exist any more.</summary>
    LeaseGone,

    /// <summary>User, password or token are not accepted.</summary>
    Unauthenticated,

    /// <summary>The registry refuses the request as it is.</summary>
    Refused,
}

/// <summary>A registry call that failed.</summary>
public sealed class RegistryException(RegistryError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public RegistryError Error { get; } = error;

    /// <summary>With <see cref="RegistryError.Compacted"/>: the first revision still held; else 0.</summary>
    public long CompactRevision { get; init; }
}
