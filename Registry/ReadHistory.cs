namespace Fairway.Registry;

/// <summary>
/// What a reader has seen of a prefix, as far as it takes to tell whether a registry that comes back has the same history: the
/// bookkeeping of every key that stands, and the last changes whole. Not thread-safe.
/// </summary>
/// <remarks>
/// A cluster restored from a backup keeps its id where its members keep their names and addresses, and its revision soon
/// passes the one seen before. What it cannot have is the same write at the same revision, unless nothing was lost.
/// </remarks>
internal sealed class ReadHistory
{
    /// <summary>Of deletes alone no more are remembered: thousands of leases may end at once.</summary>
    private const int MaxTail = 1024;

    private readonly Dictionary<string, Mark> _standing = new(StringComparer.Ordinal);
    private readonly List<RegistryChange> _tail = [];
    private bool _hasListing;

    /// <summary>Of the last event, or of the listing before the first one.</summary>
    public RegistryPosition Position { get; private set; }

    /// <summary>
    /// The changes since the last listing from the latest revision that put something on, to <see cref="Position"/>: a delete names
    /// its key alone and may have come to pass in two histories, a put bears its value and its count.
    /// </summary>
    public IReadOnlyList<RegistryChange> Tail => _tail;

    /// <summary>Whether the listing is of another history than what was read before it; false for the first one.</summary>
    public bool IsOther(RegistryListing listing) =>
        _hasListing
        && (listing.ClusterId != Position.ClusterId
            || listing.Revision < Position.Revision
            // All that was written up to the last revision seen is known: what claims to be as old and is not, was written by others.
            || listing.Entries.Any(entry => entry.ModRevision <= Position.Revision
                && !(_standing.TryGetValue(entry.Key, out var known) && known == Mark.Of(entry))));

    public void Apply(RegistryListing listing)
    {
        _standing.Clear();
        _standing.EnsureCapacity(listing.Entries.Count);
        foreach (var entry in listing.Entries)
        {
            _standing[entry.Key] = Mark.Of(entry);
        }

        _hasListing = true;
        _tail.Clear();
        Position = new RegistryPosition(listing.ClusterId, listing.Revision);
    }

    /// <param name="changes">At least one, of whole revisions.</param>
    public void Apply(IReadOnlyList<RegistryChange> changes)
    {
        var latestPut = 0L;
        foreach (var change in changes)
        {
            if (change.IsDelete)
            {
                _standing.Remove(change.Entry.Key);
            }
            else
            {
                _standing[change.Entry.Key] = Mark.Of(change.Entry);
                latestPut = change.Entry.ModRevision;
            }
        }

        Position = Position with { Revision = changes[^1].Entry.ModRevision };
        if (latestPut > 0)
        {
            _tail.Clear();
            _tail.AddRange(changes.Where(change => change.Entry.ModRevision >= latestPut));
        }
        else
        {
            _tail.AddRange(changes);
        }

        if (_tail.Count > MaxTail)
        {
            _tail.RemoveAll(change => change.Entry.ModRevision < Position.Revision);
        }
    }

    private readonly record struct Mark(long CreateRevision, long ModRevision, long Version, long Lease)
    {
        public static Mark Of(in RegistryEntry entry) => new(entry.CreateRevision, entry.ModRevision, entry.Version, entry.Lease);
    }
}
