using System.Runtime.CompilerServices;
using Fairway.Core.Directory;
using Fairway.Core.Time;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Logging;

namespace Fairway.Grains.Directory;

/// <summary>What <see cref="RegistryWatcher"/> reads, as <see cref="DirectoryEvent"/>s.</summary>
internal sealed class DirectorySource(
    IRegistry registry, GrainClock clock, DirectoryMetrics metrics, ILoggerFactory loggers,
    RegistryMetrics? registryMetrics = null, RegistryWatcherOptions? options = null)
{
    private readonly ILogger _logger = loggers.CreateLogger<DirectorySource>();

    /// <summary>Begins with a listing, and ends only by cancellation.</summary>
    public async IAsyncEnumerable<DirectoryEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watcher = new RegistryWatcher(
            registry, RegistryKeys.Prefix, clock.Time, loggers.CreateLogger<RegistryWatcher>(), options, registryMetrics);
        await foreach (var happened in watcher.ReadAsync(cancellationToken: cancellationToken))
        {
            yield return happened switch
            {
                RegistryEvent.Listed listed => Listed(listed.Listing, listed.Restored),
                RegistryEvent.Changed changed => Changed(changed.Batch),
                _ => new Lost(Moment.Now(clock.Time)),
            };
        }
    }

    private Listed Listed(RegistryListing listing, bool restored)
    {
        var facts = new List<RegistryFact>(listing.Entries.Count);
        var unreadable = new List<FactKey>();
        foreach (var entry in listing.Entries)
        {
            if (FactMapper.TryMap(entry, out var fact, out var malformed))
            {
                facts.Add(fact);
            }
            else if (malformed && FactMapper.TryMapKey(entry.Key, out var key))
            {
                unreadable.Add(key);
                Malformed(entry.Key);
            }
        }

        return new Listed(listing.Revision, listing.ClusterId, facts, Moment.Now(clock.Time)) { Restored = restored, Unreadable = unreadable };
    }

    private Changed Changed(WatchBatch batch)
    {
        var changes = new List<FactChange>(batch.Changes.Count);
        var unreadable = new List<FactKey>();
        foreach (var change in batch.Changes)
        {
            if (FactMapper.TryMap(change, out var mapped, out var malformed))
            {
                changes.Add(mapped);
            }
            else if (malformed && FactMapper.TryMapKey(change.Entry.Key, out var key))
            {
                unreadable.Add(key);
                Malformed(change.Entry.Key);
            }
        }

        return new Changed(batch.Revision, changes, Moment.Now(clock.Time)) { Unreadable = unreadable };
    }

    private void Malformed(string key)
    {
        metrics.Malformed(1);
        _logger.MalformedEntry(key);
    }
}
