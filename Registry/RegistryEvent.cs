namespace Fairway.Registry;

/// <summary>How far a reader has come: the revision of the last event or listing it has seen, in that cluster.</summary>
public readonly record struct RegistryPosition(ulong ClusterId, long Revision);

/// <summary>What <see cref="RegistryWatcher"/> tells.</summary>
public abstract record RegistryEvent
{
    private RegistryEvent()
    {
    }

    /// <summary>Everything there is, for the first time or after history was lost: what is not in it is gone.</summary>
    /// <param name="Restored">Not the history read before: another cluster, one whose revision went back, or one that wrote something else at a revision seen. A new epoch begins.</param>
    public sealed record Listed(RegistryListing Listing, bool Restored) : RegistryEvent;

    /// <summary>Changes since the last event, or none, which proves liveness only. After <see cref="Lost"/> it tells that the watch stands again.</summary>
    public sealed record Changed(WatchBatch Batch) : RegistryEvent;

    /// <summary>The registry is away: what is known stands and is stale. Told once an outage.</summary>
    public sealed record Lost(string Reason) : RegistryEvent;
}
