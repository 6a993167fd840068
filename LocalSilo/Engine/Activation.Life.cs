using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

internal sealed partial class Activation
{
    private State _state = State.Activating;
    private DeactivationReason _reason;
    private bool _wasValid;
    private bool _ending;
    private long _keepUntil;
    private CancellationTokenSource? _activating;

    private enum State
    {
        Activating,
        Valid,
        Deactivating,
        Gone,
    }

    /// <summary>Begins the activation; <paramref name="context"/> is what the call that caused it brought along.</summary>
    public void Start(Dictionary<string, object>? context)
    {
        _scope = Silo.Services.CreateAsyncScope();
        _activating = new CancellationTokenSource(Silo.Collection.ActivationTimeout, Silo.CollectionClock);
        RunLater(() =>
        {
            RequestContext.Current = context;
            _ = ActivateAsync(_activating.Token);
        });
    }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        CancellationTokenSource? activating = null;
        lock (Gate)
        {
            if (_state is State.Activating or State.Valid)
            {
                _wasValid = _state == State.Valid;
                _reason = deactivationReason;
                activating = _wasValid ? null : _activating;
                _state = State.Deactivating;
                _scheduler.PumpSoon();
            }
        }

        try
        {
            activating?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It came to its end meanwhile.
        }
    }

    public void DelayDeactivation(TimeSpan by)
    {
        _keepUntil = by == TimeSpan.MaxValue || by == Timeout.InfiniteTimeSpan ? long.MaxValue
            : by <= TimeSpan.Zero ? 0
            : Silo.CollectionClock.GetTimestamp() + (long)(by.TotalSeconds * Silo.CollectionClock.TimestampFrequency);
    }

    /// <summary>
    /// Ends the activation if it has been idle for its age. Else tells when to look again, as a timestamp.
    /// </summary>
    public long? CollectIfIdle(long now)
    {
        var age = (long)(Class.CollectionAge!.Value.TotalSeconds * Silo.CollectionClock.TimestampFrequency);
        lock (Gate)
        {
            if (_state != State.Valid)
            {
                return null;
            }

            if (HasWork())
            {
                return now + age;
            }

            if (_keepUntil == long.MaxValue)
            {
                return now + age;
            }

            var until = Math.Max(LastUsed + age, _keepUntil);
            if (until > now)
            {
                return until;
            }
        }

        Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"Idle for {Class.CollectionAge}."));
        return null;

        bool HasWork()
        {
            for (var item = Running.First; item is not null; item = item.Next)
            {
                if (item.KeepsAlive)
                {
                    return true;
                }
            }

            return false;
        }
    }

    private async Task ActivateAsync(CancellationToken token)
    {
        try
        {
            var instance = Class.Create(this, out var states);
            lock (Gate)
            {
                _instance = instance;
            }

            foreach (var state in states)
            {
                await state.ReadStateAsync(token);
            }

            if (instance is IGrainBase grain)
            {
                await grain.OnActivateAsync(token).WaitAsync(token);
            }

            lock (Gate)
            {
                if (_state == State.Activating)
                {
                    _state = State.Valid;
                    Promote(all: true);
                }
            }

            Silo.Activated(this);
        }
        catch (Exception thrown)
        {
            Log.ActivationFailed(Silo.Logger, GrainId, thrown);
            Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationFailed, thrown, "It could not be activated."), CancellationToken.None);
        }
        finally
        {
            _activating?.Dispose();
            lock (Gate)
            {
                _activating = null;
                if (_state == State.Deactivating)
                {
                    _scheduler.PumpSoon();
                }
            }
        }
    }

    /// <summary>Called with the gate held, within this target.</summary>
    private void EndIfIdle()
    {
        if (_state == State.Deactivating && !_ending && Running.Count == 0 && _activating is null)
        {
            _ending = true;
            RunLater(() => _ = EndAsync());
        }
    }

    private async Task EndAsync()
    {
        StopTimers();
        if (_wasValid && _instance is IGrainBase grain)
        {
            try
            {
                using var limit = new CancellationTokenSource(Silo.Collection.DeactivationTimeout, Silo.CollectionClock);
                await grain.OnDeactivateAsync(_reason, limit.Token).WaitAsync(limit.Token);
            }
            catch (Exception thrown)
            {
                Log.DeactivationFailed(Silo.Logger, GrainId, thrown);
            }
        }

        StopTimers();
        try
        {
            switch (_instance)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }

            await _scope.DisposeAsync();
        }
        catch (Exception thrown)
        {
            Log.DeactivationFailed(Silo.Logger, GrainId, thrown);
        }

        Silo.Remove(this);
        List<WorkItem> left = [];
        lock (Gate)
        {
            _state = State.Gone;
            _instance = null;
            while (Waiting.First is { } item)
            {
                Waiting.Remove(item);
                left.Add(item);
            }
        }

        _gone.SetResult();
        foreach (var item in left)
        {
            if (item is Request request)
            {
                Silo.HandOn(request, _reason);
            }
        }
    }
}
