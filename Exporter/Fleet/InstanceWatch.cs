using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Exporter.Fleet;

/// <summary>
/// Keeps the fleet as the registry lists it: a listing, then the watch from the revision after it; a listing anew whenever the watch ends.
/// While the registry is away the last known instances go on being probed.
/// </summary>
internal sealed class InstanceWatch(IRegistry registry, InstanceFleet fleet, TimeProvider time, ILogger<InstanceWatch> logger)
    : BackgroundService
{
    // A listing may come from a registry that was restored; its absent ones get the time to register again.
    private static readonly TimeSpan HoldAbsent = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<InstanceName> _known = [];
    private readonly Dictionary<InstanceName, long> _absentSince = [];

    /// <summary>Completes with the first listing.</summary>
    public Task Listed => _listed.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var backoff = FirstBackoff;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var listing = await registry.ListAsync(RegistryKeys.Instances, stoppingToken);
                await ApplyAsync(listing);
                _listed.TrySetResult();
                backoff = FirstBackoff;
                await FollowAsync(listing.Revision + 1, stoppingToken);
            }
            catch (RegistryException e)
            {
                Log.WatchEnded(logger, e.Error, e.Message);
                var wait = e.Error == RegistryError.Compacted ? TimeSpan.Zero : backoff * (0.5 + Random.Shared.NextDouble());
                await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                backoff = backoff * 2 < MaxBackoff ? backoff * 2 : MaxBackoff;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
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

        foreach (var name in _known)
        {
            if (!present.Contains(name))
            {
                _absentSince.TryAdd(name, time.GetTimestamp());
            }
        }
    }

    private async Task FollowAsync(long from, CancellationToken ct)
    {
        await using var batches = registry.WatchAsync(RegistryKeys.Instances, from, ct).GetAsyncEnumerator(ct);
        var next = batches.MoveNextAsync().AsTask();
        while (true)
        {
            if (_absentSince.Count > 0 && !next.IsCompleted)
            {
                using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
                await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(1), time, timer.Token));
                await timer.CancelAsync();
                await DropAbsentAsync();
                continue;
            }

            if (!await next)
            {
                return;
            }

            foreach (var change in batches.Current.Changes)
            {
                await ApplyAsync(change);
            }

            next = batches.MoveNextAsync().AsTask();
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
            _known.Add(name);
            _absentSince.Remove(name);
            await fleet.PutAsync(record);
        }
        else
        {
            Log.NotARecord(logger, entry.Key);
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
