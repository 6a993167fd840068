using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

internal sealed partial class Silo
{
    private static readonly TimeSpan LongestSweep = TimeSpan.FromSeconds(1);

    private IEnumerable<CallTarget> Targets => Activations.Concat<CallTarget>(_observers.Select(entry => entry.Value));

    /// <summary>From here on grains can be called.</summary>
    public void Start(GrainClasses classes)
    {
        _classes = classes;
        IncomingFilters = [.. Services.GetServices<IIncomingGrainCallFilter>()];
        OutgoingFilters = [.. Services.GetServices<IOutgoingGrainCallFilter>()];
        var sweep = Messaging.ResponseTimeout < LongestSweep ? Messaging.ResponseTimeout : LongestSweep;
        using (Flow.Suppressed())
        {
            _timers.Add(MessagingClock.CreateTimer(static silo => ((Silo)silo!).Sweep(), this, sweep, sweep));
            _timers.Add(CollectionClock.CreateTimer(static silo => ((Silo)silo!).Collect(), this, Collection.CollectionQuantum, Collection.CollectionQuantum));
        }

        _phase = Phase.Running;
        Log.Started(Logger, classes.Count);
    }

    /// <summary>Ends all activations, each after the call it is in, then everything still waited for.</summary>
    public async Task StopAsync(CancellationToken token)
    {
        if (_phase != Phase.Running)
        {
            return;
        }

        _phase = Phase.Stopping;
        var left = Activations.ToArray();
        Array.ForEach(left, activation => activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo stops.")));
        try
        {
            await Task.WhenAll(left.Select(activation => activation.Deactivated)).WaitAsync(token);
        }
        catch (OperationCanceledException)
        {
            // What has not ended by now is left to its own.
        }

        _phase = Phase.Stopped;
        Dispose();
        Func<Request, Exception> reason = request => new SiloUnavailableException($"The silo has stopped; {request.Descriptor} to {request.Reference.GrainId} is not answered.");
        foreach (var target in Targets)
        {
            target.Abandon(static _ => true, reason);
        }

        while (_lost.TryDequeue(out var request))
        {
            request.Reject(reason(request));
        }

        Log.Stopped(Logger, _activations.Count);
    }

    public void Dispose()
    {
        _timers.ForEach(timer => timer.Dispose());
        GrainTimers.Dispose();
    }

    private void Sweep()
    {
        var now = MessagingClock.GetTimestamp();
        Func<Request, bool> isOver = request => request.Deadline <= now;
        Func<Request, Exception> timeOut = TimeOut;
        foreach (var target in Targets)
        {
            if (!target.IsIdle) // as most are, of thousands
            {
                target.Abandon(isOver, timeOut);
            }
        }

        for (var count = _lost.Count; count > 0 && _lost.TryDequeue(out var request); count--)
        {
            if (isOver(request))
            {
                request.Reject(TimeOut(request));
            }
            else
            {
                _lost.Enqueue(request);
            }
        }
    }

    private TimeoutException TimeOut(Request request)
    {
        var timeout = request.Descriptor.ResponseTimeout ?? Messaging.ResponseTimeout;
        Log.TimedOut(Logger, request.Descriptor, request.Reference.GrainId, timeout);
        return new TimeoutException($"{request.Descriptor} to {request.Reference.GrainId} had no answer within {timeout}.");
    }

    private void Collect()
    {
        var now = CollectionClock.GetTimestamp();
        List<Activation> due = [];
        lock (_collectionGate)
        {
            _wheel.Advance(now, due);
        }

        foreach (var activation in due)
        {
            if (activation.CollectIfIdle(now) is { } again)
            {
                ScheduleCollection(activation, again);
            }
        }
    }

    private void ScheduleCollection(Activation activation, long due)
    {
        lock (_collectionGate)
        {
            if (activation.IsValid)
            {
                activation.CollectionEntry = _wheel.Schedule(activation, due);
            }
        }
    }
}
