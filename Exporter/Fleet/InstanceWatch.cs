using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Exporter.Status;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Exporter.Fleet;

/// <summary>Keeps the fleet as the registry lists it and the exporters share it. While the registry is away the last known instances go on being probed.</summary>
internal sealed class InstanceWatch(
    IRegistry registry, InstanceFleet fleet, ExporterRoll roll, StatusPublisher publisher,
    TimeProvider time, ILogger<InstanceWatch> logger, ILogger<RegistryWatcher> watcherLogger) : BackgroundService
{
    // A listing anew may come from a registry that was restored; those absent in it get the time to register again.
    private static readonly TimeSpan HoldAbsent = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookAtAbsent = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<InstanceName, InstanceRecord> _known = [];
    private readonly Dictionary<InstanceName, long> _absentSince = [];
    private ImmutableArray<string> _sharedBy = [];
    private bool _mayHaveForgotten;

    /// <summary>Completes with the first listing.</summary>
    public Task Listed => _listed.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var watcher = new RegistryWatcher(registry, RegistryKeys.Instances, time, watcherLogger);
        await using var events = watcher.ReadAsync(cancellationToken: stoppingToken).GetAsyncEnumerator(CancellationToken.None);
        try
        {
            await roll.Listed.WaitAsync(stoppingToken); // else everything would be this exporter's for a moment
            var next = events.MoveNextAsync().AsTask();
            while (true)
            {
                var changed = roll.Changed;
                await RebalanceAsync();
                while (!next.IsCompleted && !changed.IsCompleted)
                {
                    await ((Task)Task.WhenAny(next, changed))
                        .WaitAsync(_absentSince.Count > 0 ? LookAtAbsent : Timeout.InfiniteTimeSpan, time, stoppingToken)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    stoppingToken.ThrowIfCancellationRequested();
                    await DropAbsentAsync();
                }

                if (next.IsCompleted)
                {
                    await next;
                    await ApplyAsync(events.Current);
                    next = events.MoveNextAsync().AsTask();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task ApplyAsync(RegistryEvent happened)
    {
        switch (happened)
        {
            case RegistryEvent.Lost:
                _mayHaveForgotten = true;
                break;
            case RegistryEvent.Listed { Listing: { } listing }:
                await ApplyAsync(listing);
                _mayHaveForgotten |= !_listed.TrySetResult();
                break;
            case RegistryEvent.Changed { Batch: { } batch }:
                foreach (var change in batch.Changes)
                {
                    await ApplyAsync(change);
                }

                break;
        }

        // One restored from a backup lacks what was put since; with the lease in the backup nothing else tells so.
        if (_mayHaveForgotten && happened is not RegistryEvent.Lost)
        {
            _mayHaveForgotten = false;
            publisher.RestateAll();
        }
    }

    private async Task ApplyAsync(RegistryListing listing)
    {
        var present = new HashSet<InstanceName>();
        foreach (var entry in listing.Entries)
        {
            if (RegistryKey.TryParse(entry.Key, out var key) && key is InstanceKey instance)
            {
                present.Add(new InstanceName(instance.Service, instance.Id));
                await PutAsync(entry);
            }
        }

        foreach (var name in _known.Keys)
        {
            if (!present.Contains(name))
            {
                _absentSince.TryAdd(name, time.GetTimestamp());
            }
        }
    }

    private async Task ApplyAsync(RegistryChange change)
    {
        if (!change.IsDelete)
        {
            await PutAsync(change.Entry);
        }
        else if (RegistryKey.TryParse(change.Entry.Key, out var key) && key is InstanceKey instance)
        {
            await RemoveAsync(new InstanceName(instance.Service, instance.Id));
        }
    }

    private async Task PutAsync(RegistryEntry entry)
    {
        if (RegistryDecoder.TryDecode(entry, out var decoded) && decoded is DecodedEntry.Instance { Record: { } record })
        {
            var name = new InstanceName(record.Service, record.Id);
            _known[name] = record;
            _absentSince.Remove(name);
            await fleet.PutAsync(record);
        }
        else
        {
            Log.NotARecord(logger, entry.Key);
        }
    }

    /// <summary>Brings the fleet to the exporters there are now: first takes over, then yields.</summary>
    private async Task RebalanceAsync()
    {
        var members = roll.Members;
        if (_sharedBy.SequenceEqual(members))
        {
            return;
        }

        _sharedBy = members;
        Log.Shared(logger, members.Length, string.Join(' ', members));
        foreach (var record in _known.Values.OrderByDescending(record => roll.Owns(record.Service, record.Id)))
        {
            await fleet.PutAsync(record);
        }
    }

    private async Task DropAbsentAsync()
    {
        var gone = _absentSince.Where(absent => time.GetElapsedTime(absent.Value) >= HoldAbsent).Select(absent => absent.Key).ToList();
        foreach (var name in gone)
        {
            await RemoveAsync(name);
        }
    }

    private async Task RemoveAsync(InstanceName name)
    {
        _known.Remove(name);
        _absentSince.Remove(name);
        await fleet.RemoveAsync(name);
    }
}
