using System.Collections.Immutable;
using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Wire;

namespace Fairway.Grains.Directory;

/// <summary>
/// What one service grain is still to be told, and what it was told last. At most one update is under way; what
/// happens meanwhile waits and goes as one.
/// </summary>
internal sealed class ServiceFeed(string service, IServiceGrain grain, long inputSequence)
{
    private readonly List<ServiceStep> _steps = [];
    private ImmutableArray<OfflineWire> _offline = [];
    private ImmutableArray<IDirectoryObserver> _observers = [];
    private string _epoch = "";
    private bool _exists;
    private bool _resend;

    public string Service { get; } = service;

    public IServiceGrain Grain { get; } = grain;

    /// <summary>The last update that was made.</summary>
    public long InputSequence { get; private set; } = inputSequence;

    /// <summary>The latest snapshot known to be published; 0 for none.</summary>
    public long SnapshotSequence { get; private set; }

    /// <summary>Completes when what waits now was sent, with or without success.</summary>
    public Task Sending { get; set; } = Task.CompletedTask;

    /// <summary>When a failed update is made good; null when none failed.</summary>
    public TimeSpan? RetryAt { get; private set; }

    public void Add(ServiceStep step) => _steps.Add(step);

    /// <summary>What waits is part of a whole that the grain is given now.</summary>
    public long HandOver(string epoch, bool exists, ImmutableArray<OfflineWire> offline, ImmutableArray<IDirectoryObserver> observers)
    {
        _steps.Clear();
        _resend = false;
        (_epoch, _exists, _offline, _observers) = (epoch, exists, offline, observers);
        return InputSequence;
    }

    /// <summary>The next update; null when the grain knows all.</summary>
    public ServiceUpdate? Next(string epoch, bool exists, ImmutableArray<OfflineWire> offline, ImmutableArray<IDirectoryObserver> observers)
    {
        var offlineChanged = !_offline.SequenceEqual(offline);
        var observersChanged = _observers != observers;
        if (_steps.Count == 0 && !offlineChanged && !observersChanged && !_resend && exists == _exists && epoch == _epoch)
        {
            return null;
        }

        var update = new ServiceUpdate
        {
            Epoch = epoch,
            InputSequence = ++InputSequence,
            Exists = exists,
            Steps = [.. _steps],
            OfflineChanged = offlineChanged,
            Offline = offlineChanged ? offline : [],
            ObserversChanged = observersChanged,
            Observers = observersChanged ? observers : [],
        };
        HandOver(epoch, exists, offline, observers);
        return update;
    }

    /// <summary>The grain has this snapshot, or a later one.</summary>
    public void Published(long sequence) => SnapshotSequence = Math.Max(SnapshotSequence, sequence);

    /// <summary>An earlier epoch's sequences say nothing of this one's.</summary>
    public void ForgetSnapshot() => SnapshotSequence = 0;

    public void Succeeded() => RetryAt = null;

    /// <summary>
    /// The grain may or may not have the last update. One more, empty and with the next number, tells: a grain that
    /// lacks the last sees the gap and asks for the whole.
    /// </summary>
    public void Failed(TimeSpan retryAt)
    {
        RetryAt = retryAt;
        _resend = true;
    }
}
