namespace Fairway.Registry;

/// <summary>
/// What a reader has seen of a prefix, as far as it takes to tell whether a registry that comes back has the same history: the
/// bookkeeping of every key that stands with a hash of its value, and the last changes whole. Not thread-safe.
/// </summary>
/// <remarks>
/// A cluster restored from a backup keeps its id where its members keep their names and addresses, and its revision soon
/// passes the one seen before. What it cannot have is the same write at the same revision, unless nothing was lost.
/// </remarks>
internal sealed class ReadHistory
{
    /// <summary>More deletes after the last put are not remembered: thousands of leases may end at once, and a listing is cheaper then.</summary>
    private const int MaxTail = 1024;

    private readonly Dictionary<string, Mark> _standing = new(StringComparer.Ordinal);
    private readonly List<RegistryChange> _tail = [];
    private bool _hasListing;

    /// <summary>Of the last event, or of the listing before the first one.</summary>
    public RegistryPosition Position { get; private set; }

    /// <summary>
    /// The last changes that were read, from the latest revision that put something on; empty where none did since the listing, unless that
    /// kept them. A delete names its key alone and may have come to pass in two histories; a put bears its value and its count.
    /// </summary>
    public IReadOnlyList<RegistryChange> Tail => _tail;

    /// <summary>The tail is older than the listing, which was made without having it repeated.</summary>
    public bool OwesRepeat { get; private set; }

    /// <summary>Whether the listing is of another history than what was read before it; false for the first one.</summary>
    public bool IsOther(RegistryListing listing) =>
        _hasListing
        && (listing.ClusterId != Position.ClusterId
            || listing.Revision < Position.Revision
            || listing.Entries.Any(IsForeign)
            || (listing.Revision == Position.Revision && listing.Entries.Count != _standing.Count));

    /// <param name="keepsTail">The last changes are still to be repeated: that the listing fits does not prove that it is of the same history.</param>
    public void Apply(RegistryListing listing, bool keepsTail = false)
    {
        _standing.Clear();
        _standing.EnsureCapacity(listing.Entries.Count);
        foreach (var entry in listing.Entries)
        {
            _standing[entry.Key] = Mark.Of(entry);
        }

        _hasListing = true;
        OwesRepeat = keepsTail && _tail.Count > 0;
        if (!keepsTail)
        {
            _tail.Clear();
        }

        Position = new RegistryPosition(listing.ClusterId, listing.Revision);
    }

    /// <summary>The registry has repeated the tail. One that is older than the listing has done its part: it says nothing of what the listing told.</summary>
    public void Repeated()
    {
        if (OwesRepeat)
        {
            OwesRepeat = false;
            _tail.Clear();
        }
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
        else if (_tail.Count > 0)
        {
            _tail.AddRange(changes);
        }

        if (_tail.Count > MaxTail)
        {
            _tail.Clear();
        }
    }

    /// <summary>
    /// All that was written up to the last revision seen is known: what claims to be as old, or to have begun as early, and is not known
    /// so, was written by others.
    /// </summary>
    private bool IsForeign(RegistryEntry entry)
    {
        if (entry.CreateRevision > Position.Revision)
        {
            return false;
        }

        return !_standing.TryGetValue(entry.Key, out var known)
            || (entry.ModRevision <= Position.Revision
                ? known != Mark.Of(entry)
                : known.CreateRevision != entry.CreateRevision || known.Version >= entry.Version);
    }

    private readonly record struct Mark(long CreateRevision, long ModRevision, long Version, long Lease, int ValueHash)
    {
        public static Mark Of(in RegistryEntry entry)
        {
            var hash = new HashCode();
            hash.AddBytes(entry.Value.Span);
            return new Mark(entry.CreateRevision, entry.ModRevision, entry.Version, entry.Lease, hash.ToHashCode());
        }
    }
}
