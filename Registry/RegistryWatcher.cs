using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Registry;

/// <summary>
/// Reads a prefix for as long as it is enumerated: a listing, then every change after it. A break is resumed from the last
/// event seen, never from a progress notification, which may run ahead of events, and only where the registry still has that
/// event. Lost history and another one end in a new listing. A listing that fails is tried again and never taken for an empty one.
/// </summary>
public sealed class RegistryWatcher(
    IRegistry registry,
    string prefix,
    TimeProvider? time = null,
    ILogger<RegistryWatcher>? logger = null,
    RegistryWatcherOptions? options = null,
    RegistryMetrics? metrics = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ILogger _logger = logger ?? NullLogger<RegistryWatcher>.Instance;
    private readonly RegistryWatcherOptions _options = options ?? new RegistryWatcherOptions();

    /// <summary>Reads until cancelled; ends only in <see cref="OperationCanceledException"/>.</summary>
    public async IAsyncEnumerable<RegistryEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var history = new ReadHistory();
        var mustList = true;
        var isOther = false;
        var keepsTail = false;
        var isLost = false;
        var failures = 0;
        while (true)
        {
            if (mustList)
            {
                var (listing, failure) = await ListAsync(cancellationToken);
                if (listing is not null)
                {
                    var restored = isOther || history.IsOther(listing);
                    Tell(listing, restored, history.Position);
                    history.Apply(listing, keepsTail && !restored);
                    (mustList, isOther, isLost) = (false, false, false);
                    yield return new RegistryEvent.Listed(listing, restored);
                }
                else
                {
                    if (!isLost)
                    {
                        isLost = true;
                        yield return new RegistryEvent.Lost(failure!);
                    }

                    await BackOffAsync(++failures, failure!, cancellationToken);
                    continue;
                }
            }

            var reading = new WatchReading(registry, prefix, history, _time, _options.RepeatTimeout);
            await using (reading)
            {
                while (await reading.NextAsync(cancellationToken) is { } batch)
                {
                    failures = 0;
                    isLost = false;
                    yield return new RegistryEvent.Changed(batch);
                }
            }

            metrics?.WatchLost();
            (isOther, keepsTail) = (reading.IsOther, reading.IsBehind || (history.OwesRepeat && !reading.MustList));
            if (!reading.MustList && !isLost)
            {
                isLost = true;
                yield return new RegistryEvent.Lost(reading.EndReason);
            }

            // With no put since the listing there is nothing to know the history by, or nothing that goes so far.
            mustList = reading.MustList || history.Tail.Count == 0 || history.OwesRepeat;
            await BackOffAsync(++failures, reading.EndReason, cancellationToken);
        }
    }

    private async Task<(RegistryListing? Listing, string? Failure)> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await registry.ListAsync(prefix, cancellationToken), null);
        }
        catch (RegistryException e)
        {
            return (null, e.Message);
        }
    }

    private void Tell(RegistryListing listing, bool restored, RegistryPosition last)
    {
        Log.Listed(_logger, listing.Entries.Count, prefix, listing.Revision);
        if (restored)
        {
            Log.Restored(_logger, listing.ClusterId, listing.Revision, last.ClusterId, last.Revision);
        }
    }

    private async Task BackOffAsync(int failures, string reason, CancellationToken cancellationToken)
    {
        var full = Math.Min(_options.MaxBackoff.TotalMilliseconds, _options.MinBackoff.TotalMilliseconds * Math.Pow(2, failures - 1));
        var delay = TimeSpan.FromMilliseconds(full * (1 - ((_options.Random ?? Random.Shared).NextDouble() / 2)));
        Log.WatchLost(_logger, (long)delay.TotalMilliseconds, reason);
        await Task.Delay(delay, _time, cancellationToken);
    }
}
