using System.Collections.Immutable;
using Fairway.Registry;

namespace Fairway.Grains.Tests.Faults;

/// <summary>
/// What a reader of the registry may be told: each listing is what stood at its revision, and after it comes every write,
/// once and in order, unless the history that was read is no more.
/// </summary>
internal sealed class RawModel(FaultyCluster cluster, string prefix)
{
    private readonly SortedDictionary<string, RegistryEntry> _standing = new(StringComparer.Ordinal);
    private ImmutableList<Write> _log = [];
    private long _position;
    private ulong _clusterId;
    private bool _putSeen;
    private int _compactions;
    private bool _wasLost;

    /// <summary>The reader has listed a restored cluster that nothing in the listing betrays; what it read last may tell it yet.</summary>
    private bool _mayNotice;

    /// <summary>And must, as it read a put.</summary>
    private bool _mustNotice;

    public int Listings { get; private set; }

    /// <summary>Listings of a restored cluster whose id and revision show nothing.</summary>
    public int RestoredUnseen { get; private set; }

    public int Lost { get; private set; }

    /// <summary>The last put that was read, so that it cannot be asked for again.</summary>
    private bool MayBeCompacted => cluster.Compacted > 0 || cluster.Compactions > _compactions;

    public void Take(RegistryEvent happened)
    {
        switch (happened)
        {
            case RegistryEvent.Listed listed:
                Take(listed);
                break;
            case RegistryEvent.Changed changed:
                Take(changed.Batch);
                break;
            default:
                Assert.False(_wasLost, "an outage was told twice");
                _wasLost = true;
                Lost++;
                break;
        }
    }

    public void IsCaughtUp()
    {
        var expected = FaultyCluster.At(cluster.Log, cluster.Revision).Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal));
        Assert.Equal(expected.Select(entry => (entry.Key, entry.Value.ModRevision)), _standing.Values.Select(entry => (entry.Key, entry.ModRevision)));
        Assert.False(_mustNotice && !MayBeCompacted, "a put that was read is not there any more, and that was not noticed");
    }

    private void Take(RegistryEvent.Listed listed)
    {
        var listing = listed.Listing;
        var truth = FaultyCluster.At(cluster.Log, listing.Revision).Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal));
        Assert.Equal(truth.Select(entry => (entry.Key, entry.Value.ModRevision)), listing.Entries.Select(entry => (entry.Key, entry.ModRevision)));

        var isOther = Listings > 0 && (_clusterId != listing.ClusterId || _position > Common());
        Assert.False(listed.Restored && !isOther && !_mayNotice, "a history that goes on was taken for a restored one");
        if (isOther && !listed.Restored)
        {
            // Nothing in the registry tells: no write of the lost history is remembered whole, and none of the new one stands.
            Assert.Equal(_clusterId, listing.ClusterId);
            Assert.True(listing.Revision >= _position, "the revision went back");
            Assert.DoesNotContain(listing.Entries, entry => entry.ModRevision <= _position
                && !(_standing.TryGetValue(entry.Key, out var known) && known.ModRevision == entry.ModRevision && known.Version == entry.Version));
        }

        _mayNotice = !listed.Restored && (_mayNotice || isOther);
        _mustNotice = _mayNotice && (_mustNotice || (isOther && _putSeen && !MayBeCompacted));

        RestoredUnseen += listed.Restored && _clusterId == listing.ClusterId && listing.Revision >= _position ? 1 : 0;
        Listings++;
        _standing.Clear();
        foreach (var entry in listing.Entries)
        {
            _standing[entry.Key] = entry;
        }

        (_log, _position, _clusterId, _putSeen, _wasLost) = (cluster.Log, listing.Revision, listing.ClusterId, false, false);
        _compactions = cluster.Compactions;
    }

    private void Take(WatchBatch batch)
    {
        Assert.True(_position <= Common(), "a history that is no more was resumed");
        Assert.False(_mustNotice && batch.Changes.Count > 0 && !MayBeCompacted, "a history was resumed without a look at the last put that was read");
        _wasLost = false;
        _log = cluster.Log;
        var expected = Following().GetEnumerator();
        foreach (var change in batch.Changes)
        {
            Assert.True(expected.MoveNext(), "told of a write that never was");
            var (revision, key, value) = expected.Current;
            Assert.Equal((revision, key, value is null), (change.Entry.ModRevision, change.Entry.Key, change.IsDelete));
            Assert.Equal(value ?? [], change.Entry.Value.ToByteArray());
            if (change.IsDelete)
            {
                _standing.Remove(key);
            }
            else
            {
                _standing[key] = change.Entry;
                _putSeen = true;
                _compactions = cluster.Compactions;
            }
        }

        _position = batch.Changes.Count > 0 ? batch.Changes[^1].Entry.ModRevision : _position;
    }

    private IEnumerable<(long Revision, string Key, byte[]? Value)> Following()
    {
        for (var i = (int)_position - 1; i < _log.Count; i++)
        {
            // Within one revision etcd tells in the order of the writes.
            foreach (var (key, value) in _log[i].Changes.Where(change => change.Key.StartsWith(prefix, StringComparison.Ordinal)))
            {
                yield return (i + 2, key, value);
            }
        }
    }

    /// <summary>The last revision up to which the history read is the cluster's.</summary>
    private long Common()
    {
        if (ReferenceEquals(_log, cluster.Log))
        {
            return long.MaxValue;
        }

        var same = 0;
        while (same < _log.Count && same < cluster.Log.Count && ReferenceEquals(_log[same], cluster.Log[same]))
        {
            same++;
        }

        return same == _log.Count ? long.MaxValue : same + 1;
    }
}
