using Fairway.Core.Directory;
using Fairway.Core.Time;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Logging;

namespace Fairway.Grains.Directory;

/// <summary>Reads the registry as <see cref="DirectoryEvent"/>s.</summary>
internal sealed class DirectorySource(IRegistry registry, GrainClock clock, DirectoryMetrics metrics, ILogger<DirectorySource> logger)
{
    private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(200);

    /// <summary>Tells what happens, until cancelled. <paramref name="take"/> runs in the turns of the caller.</summary>
    public async Task RunAsync(Action<DirectoryEvent> take, CancellationToken stop)
    {
        var next = 0L;
        var cluster = 0UL;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (next == 0)
                {
                    var listing = await registry.ListAsync(RegistryKeys.Prefix, stop);
                    take(Listed(listing));
                    (next, cluster) = (listing.Revision + 1, listing.ClusterId);
                }

                await foreach (var batch in registry.WatchAsync(RegistryKeys.Prefix, next, stop))
                {
                    if (batch.Revision < next - 1)
                    {
                        next = 0;
                        break;
                    }

                    take(Changed(batch));
                    next = batch.Changes.Count > 0 ? batch.Revision + 1 : next;
                }
            }
            catch (RegistryException exception)
            {
                if (exception.Error is RegistryError.Compacted)
                {
                    next = 0;
                    continue;
                }

                take(new Lost(Moment.Now(clock.Time)));
                await Task.Delay(Backoff, clock.Time, stop);
            }
        }
    }

    private Listed Listed(RegistryListing listing)
    {
        var facts = new List<RegistryFact>(listing.Entries.Count);
        foreach (var entry in listing.Entries)
        {
            if (FactMapper.TryMap(entry, out var fact, out var malformed))
            {
                facts.Add(fact);
            }
            else if (malformed)
            {
                Malformed(entry.Key);
            }
        }

        return new Listed(listing.Revision, listing.ClusterId, facts, Moment.Now(clock.Time));
    }

    private Changed Changed(WatchBatch batch)
    {
        var changes = new List<FactChange>(batch.Changes.Count);
        foreach (var change in batch.Changes)
        {
            if (FactMapper.TryMap(change, out var mapped, out var malformed))
            {
                changes.Add(mapped);
            }
            else if (malformed)
            {
                Malformed(change.Entry.Key);
            }
        }

        return new Changed(batch.Revision, changes, Moment.Now(clock.Time));
    }

    private void Malformed(string key)
    {
        metrics.Malformed(1);
        logger.MalformedEntry(key);
    }
}
