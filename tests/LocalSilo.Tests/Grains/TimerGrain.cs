namespace Fairway.LocalSilo.Tests;

[Alias("test.ITimerGrain")]
public interface ITimerGrain : IGrainWithStringKey
{
    [Alias("Start")]
    Task Start(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive, string? gate);

    [Alias("StartFailing")]
    Task StartFailing(TimeSpan period);

    [Alias("Change")]
    Task Change(TimeSpan due, TimeSpan period);

    [Alias("Stop")]
    Task Stop();

    [Alias("Hold")]
    Task Hold(string gate);

    [Alias("Ticks")]
    Task<int> Ticks();
}

internal sealed class TimerGrain(Probe probe) : Grain, ITimerGrain
{
    private IGrainTimer? _timer;
    private int _ticks;

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Note("off");
        return Task.CompletedTask;
    }

    public Task Start(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive, string? gate)
    {
        _timer = this.RegisterGrainTimer(
            async (state, token) =>
            {
                probe.Note($"tick {++_ticks} {RequestContext.Get("label") ?? "bare"}");
                if (state is not null)
                {
                    await probe.Pass(state);
                }

                probe.Note($"tock {_ticks}");
            },
            gate,
            new GrainTimerCreationOptions(due, period) { Interleave = interleave, KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task StartFailing(TimeSpan period)
    {
        _timer = this.RegisterGrainTimer(
            () =>
            {
                probe.Note($"tick {++_ticks}");
                throw new InvalidOperationException("a tick fails");
            },
            period,
            period);
        return Task.CompletedTask;
    }

    public Task Change(TimeSpan due, TimeSpan period)
    {
        _timer!.Change(due, period);
        return Task.CompletedTask;
    }

    public Task Stop()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public Task Hold(string gate)
    {
        probe.Note("begin " + gate);
        return probe.Pass(gate);
    }

    public Task<int> Ticks() => Task.FromResult(_ticks);
}
