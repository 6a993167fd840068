using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Registry;

/// <summary>
/// Reads a prefix for as long as it is enumerated: a listing, then every change after it. A break is resumed from the last
/// event seen, never from a progress notification, which may run ahead of events. Lost history and another cluster end in
/// a new listing. A listing that fails is tried again and never taken for an empty one.
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
    /// <param name="resumeFrom">Where an earlier reader, whose state the caller holds, had come to; null to begin with a listing.</param>
    public async IAsyncEnumerable<RegistryEvent> ReadAsync(
        RegistryPosition? resumeFrom = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var position = resumeFrom;
        var mustList = resumeFrom is null;
        var isLost = false;
        var failures = 0;
        while (true)
        {
            if (mustList)
            {
                var (listing, failure) = await ListAsync(cancellationToken);
                if (listing is not null)
                {
                    var restored = position is { } last && (listing.ClusterId != last.ClusterId || listing.Revision < last.Revision);
                    Tell(listing, restored, position);
                    position = new RegistryPosition(listing.ClusterId, listing.Revision);
                    mustList = false;
                    isLost = false;
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

            var reading = new Reading(registry, prefix, position!.Value);
            await using (reading)
            {
                while (await reading.NextAsync(cancellationToken) is { } batch)
                {
                    failures = 0;
                    isLost = false;
                    position = reading.Position;
                    yield return new RegistryEvent.Changed(batch);
                }
            }

            metrics?.WatchLost();
            mustList = reading.MustList;
            if (!mustList && !isLost)
            {
                isLost = true;
                yield return new RegistryEvent.Lost(reading.EndReason);
            }

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

    private void Tell(RegistryListing listing, bool restored, RegistryPosition? last)
    {
        Log.Listed(_logger, listing.Entries.Count, prefix, listing.Revision);
        if (restored)
        {
            Log.Restored(_logger, listing.ClusterId, listing.Revision, last!.Value.ClusterId, last.Value.Revision);
        }
    }

    private async Task BackOffAsync(int failures, string reason, CancellationToken cancellationToken)
    {
        var full = Math.Min(_options.MaxBackoff.TotalMilliseconds, _options.MinBackoff.TotalMilliseconds * Math.Pow(2, failures - 1));
        var delay = TimeSpan.FromMilliseconds(full * (1 - (Random.Shared.NextDouble() / 2)));
        Log.WatchLost(_logger, (long)delay.TotalMilliseconds, reason);
        await Task.Delay(delay, _time, cancellationToken);
    }

    /// <summary>One watch, up to its break.</summary>
    private sealed class Reading : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ending = new();
        private readonly IAsyncEnumerator<WatchBatch> _batches;
        private bool _stands;

        public Reading(IRegistry registry, string prefix, RegistryPosition position)
        {
            Position = position;
            _batches = registry.WatchAsync(prefix, position.Revision + 1, _ending.Token).GetAsyncEnumerator(CancellationToken.None);
        }

        public RegistryPosition Position { get; private set; }

        /// <summary>The history after <see cref="Position"/> is not to be had.</summary>
        public bool MustList { get; private set; }

        public string EndReason { get; private set; } = "The watch ended.";

        /// <summary>The next batch, or null when the watch is over.</summary>
        public async Task<WatchBatch?> NextAsync(CancellationToken cancellationToken)
        {
            using var cancel = cancellationToken.Register(_ending.Cancel);
            try
            {
                return await _batches.MoveNextAsync() && Accept(_batches.Current) ? _batches.Current : null;
            }
            catch (RegistryException e)
            {
                MustList = e.Error == RegistryError.Compacted;
                EndReason = e.Message;
                return null;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await _batches.DisposeAsync();
            _ending.Dispose();
        }

        private bool Accept(WatchBatch batch)
        {
            // A member that lags behind looks the same at first as one that was restored: the listing, which
            // is read from the majority, tells which it is.
            if (batch.ClusterId != Position.ClusterId || (!_stands && batch.Revision < Position.Revision))
            {
                MustList = true;
                EndReason = $"The registry is at revision {batch.Revision} of cluster {batch.ClusterId:x}, behind what was read.";
                return false;
            }

            _stands = true;
            if (batch.Changes.Count > 0)
            {
                Position = Position with { Revision = batch.Changes[^1].Entry.ModRevision };
            }

            return true;
        }
    }
}
