namespace Fairway.Registry;

/// <summary>
/// One watch, up to its break. One that resumes asks for the last changes seen once more: only where the registry repeats
/// them as they were is it the same history, and what follows is told.
/// </summary>
internal sealed class WatchReading : IAsyncDisposable
{
    private readonly ReadHistory _history;
    private readonly TimeProvider _time;
    private readonly TimeSpan _repeatTimeout;
    private readonly CancellationTokenSource _ending = new();
    private readonly IAsyncEnumerator<WatchBatch> _batches;
    private Task<bool>? _pending;
    private bool _stands;
    private bool _awaitsRepeat;
    private int _repeated;

    public WatchReading(IRegistry registry, string prefix, ReadHistory history, TimeProvider time, TimeSpan repeatTimeout)
    {
        _history = history;
        _time = time;
        _repeatTimeout = repeatTimeout;
        _awaitsRepeat = history.Tail.Count > 0;
        var from = _awaitsRepeat ? history.Tail[0].Entry.ModRevision : history.Position.Revision + 1;
        _batches = registry.WatchAsync(prefix, from, _ending.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>The history after what was seen is not to be had.</summary>
    public bool MustList { get; private set; }

    /// <summary>The registry surely has another history than the one read: it wrote something else at a revision seen.</summary>
    public bool IsOther { get; private set; }

    /// <summary>
    /// The registry had not come as far as what was read: a member that lags, or one restored. It was not asked for the last changes, and a
    /// listing made later may fit to both.
    /// </summary>
    public bool IsBehind { get; private set; }

    public string EndReason { get; private set; } = "The watch ended.";

    /// <summary>The next batch, or null when the watch is over.</summary>
    public async Task<WatchBatch?> NextAsync(CancellationToken cancellationToken)
    {
        using var cancel = cancellationToken.Register(End);
        try
        {
            while (await MoveNextAsync(cancellationToken))
            {
                if (!Stands(_batches.Current))
                {
                    return null;
                }

                if (_awaitsRepeat && !Repeats(_batches.Current))
                {
                    return null;
                }

                if (!_awaitsRepeat)
                {
                    return Take(_batches.Current);
                }
            }

            return null;
        }
        catch (RegistryException e)
        {
            MustList = e.Error == RegistryError.Compacted;
            EndReason = e.Message;
            return null;
        }
        catch (TimeoutException)
        {
            MustList = true;
            EndReason = "The registry does not repeat the last change that was read.";
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        End();
        if (_pending is { } pending)
        {
            // The read must be over before the enumerator may be disposed.
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        }

        await _batches.DisposeAsync();
        _ending.Dispose();
    }

    /// <summary>On this thread: what ends is awaited next.</summary>
    private void End() => _ending.Cancel();

    private async Task<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        _pending = _batches.MoveNextAsync().AsTask();
        // An open of the watch has its own bound, within the registry's client.
        var moved = _stands && _awaitsRepeat
            ? await _pending.WaitAsync(_repeatTimeout, _time, cancellationToken)
            : await _pending;
        _pending = null;
        return moved;
    }

    private bool Stands(WatchBatch batch)
    {
        // A member that lags behind looks the same at first as one that was restored: the listing, which
        // is read from the majority, tells which it is.
        var position = _history.Position;
        if (batch.ClusterId != position.ClusterId || (!_stands && batch.Revision < position.Revision))
        {
            (MustList, IsBehind) = (true, true);
            EndReason = $"The registry is at revision {batch.Revision} of cluster {batch.ClusterId:x}, behind what was read.";
            return false;
        }

        _stands = true;
        return true;
    }

    /// <summary>What comes after all that was seen: what was repeated is not, nor what a listing told.</summary>
    private WatchBatch Take(WatchBatch batch)
    {
        var seen = _history.Position.Revision;
        if (batch.Changes.Count > 0 && batch.Changes[0].Entry.ModRevision <= seen)
        {
            batch = batch with
            {
                Revision = Math.Max(batch.Revision, seen),
                Changes = [.. batch.Changes.Where(change => change.Entry.ModRevision > seen)],
            };
        }

        if (batch.Changes.Count > 0)
        {
            _history.Apply(batch.Changes);
        }

        return batch;
    }

    /// <summary>Compares with the changes seen before; false when they are others.</summary>
    private bool Repeats(WatchBatch batch)
    {
        var tail = _history.Tail;
        foreach (var change in batch.Changes)
        {
            if (_repeated == tail.Count && change.Entry.ModRevision > tail[^1].Entry.ModRevision)
            {
                break;
            }

            if (_repeated == tail.Count || change != tail[_repeated++])
            {
                (MustList, IsOther) = (true, true);
                EndReason = $"The registry has other changes at revision {change.Entry.ModRevision} than those that were read.";
                return false;
            }
        }

        _awaitsRepeat = _repeated < tail.Count;
        if (!_awaitsRepeat)
        {
            _history.Repeated();
        }

        return true;
    }
}
