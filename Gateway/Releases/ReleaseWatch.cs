using System.Collections.Immutable;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Releases;

/// <summary>The last release of each service as the registry tells of them; while it is away the last ones stand.</summary>
internal sealed class ReleaseWatch(IRegistry registry, TimeProvider clock, ILogger<RegistryWatcher> logger) : BackgroundService
{
    private volatile ImmutableSortedDictionary<string, ReleaseRecord> _current = ImmutableSortedDictionary.Create<string, ReleaseRecord>(StringComparer.Ordinal);

    /// <summary>Read without waiting; none before the first listing.</summary>
    public IReadOnlyCollection<ReleaseRecord> Current => [.. _current.Values];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var told in new RegistryWatcher(registry, RegistryKeys.Releases, clock, logger).ReadAsync(stoppingToken))
            {
                _current = Apply(told);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the process stops
        }
    }

    private ImmutableSortedDictionary<string, ReleaseRecord> Apply(RegistryEvent told)
    {
        var releases = _current.ToBuilder();
        switch (told)
        {
            case RegistryEvent.Listed { Listing: var listing }:
                releases.Clear();
                foreach (var entry in listing.Entries)
                {
                    Put(releases, entry);
                }

                break;
            case RegistryEvent.Changed { Batch: var batch }:
                foreach (var change in batch.Changes)
                {
                    if (change.IsDelete)
                    {
                        releases.Remove(change.Entry.Key);
                    }
                    else
                    {
                        Put(releases, change.Entry);
                    }
                }

                break;
        }

        return releases.ToImmutable();
    }

    private static void Put(ImmutableSortedDictionary<string, ReleaseRecord>.Builder releases, in RegistryEntry entry)
    {
        if (ReleaseCodec.TryDecode(entry.Value.Span, out var record))
        {
            releases[entry.Key] = record;
        }
    }
}
