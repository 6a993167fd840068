using Fairway.Core.Directory;
using Fairway.Exporter.Load;

namespace Fairway.Exporter.Probing;

/// <summary>Who is told what a prober finds. Called from the prober's tasks; must not block or throw.</summary>
public interface IProbeSink
{
    /// <summary>The life changed; <paramref name="why"/> says why it is down.</summary>
    void LifeChanged(Life life, string why);

    /// <summary>A new sample; empty and refused reports are not told.</summary>
    void Sampled(SampleNow sample);
}

/// <summary>
/// Follows one instance: checks it on and on, and pulls its load over the same connection while it is up. A broken
/// load stream brings the next check forward, so that a killed process is noticed at once.
/// </summary>
internal sealed class Prober : IAsyncDisposable
{
    // While down, a connection that only looks alive is replaced now and then.
    private const int FailuresBetweenReconnects = 20;

    private readonly IHealthCheck _check;
    private readonly LoadStream? _load;
    private readonly ProbingContext _context;
    private readonly IProbeSink _sink;
    private readonly LifeTracker _life = new();
    private readonly Nudge _nudge;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private CancellationTokenSource? _loadStop;
    private Task _loading = Task.CompletedTask;

    public Prober(ProbeTarget target, ProbingContext context, IProbeSink sink)
    {
        Target = target;
        _context = context;
        _sink = sink;
        _nudge = new Nudge(context.Time);
        _check = context.CreateCheck(target);
        _load = target.Probe == Probes.Orca
            ? new LoadStream(context.Options.ReportInterval, context.Time, OnReport, _nudge.Set)
            : null;
        _running = Task.Run(RunAsync);
    }

    public ProbeTarget Target { get; }

    public InstanceFigures Figures { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _check.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var ct = _stop.Token;
        try
        {
            // Thousands of instances listed at once are not checked at once.
            await _nudge.WaitAsync(_context.Options.CheckInterval * Random.Shared.NextDouble() / 2, ct);
            while (!ct.IsCancellationRequested)
            {
                var started = _context.Time.GetTimestamp();
                var wait = await CheckAsync(ct)
                    ? _context.Options.RetryDelay * (0.5 + Random.Shared.NextDouble())
                    : _context.Options.CheckInterval - _context.Time.GetElapsedTime(started);
                if (wait > TimeSpan.Zero)
                {
                    await _nudge.WaitAsync(wait, ct);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped inside a check.
        }
        finally
        {
            await StopLoadAsync();
        }
    }

    /// <summary>One check and what follows from it; true when it is to be repeated soon.</summary>
    private async Task<bool> CheckAsync(CancellationToken ct)
    {
        var result = await _context.CheckAsync(_check, Target, ct);
        var step = _life.Take(result.Outcome);
        if (result.Outcome is CheckOutcome.Failed or CheckOutcome.Refused)
        {
            Figures.CountFailure();
        }

        if (step.Changed)
        {
            Figures.Life = _life.Life;
            _sink.LifeChanged(_life.Life, result.Why);
        }

        if (_life.Life == Life.Up)
        {
            StartLoad();
        }
        else if (_life.Life == Life.Down)
        {
            await StopLoadAsync();
            if (_life.FailuresInRow > 0 && (step.Changed || _life.FailuresInRow % FailuresBetweenReconnects == 0))
            {
                _check.Reconnect();
            }
        }

        return step.Retry;
    }

    private void StartLoad()
    {
        if (_load is null || _loadStop is not null || _check is not GrpcHealthCheck { Channel: { } channel })
        {
            return;
        }

        _loadStop = new CancellationTokenSource();
        _loading = _load.RunAsync(channel, _loadStop.Token);
    }

    // Awaited, so that no call is under way on a connection that is given up.
    private async Task StopLoadAsync()
    {
        if (_loadStop is null)
        {
            return;
        }

        await _loadStop.CancelAsync();
        await _loading;
        _loadStop.Dispose();
        _loadStop = null;
    }

    private void OnReport(LoadReading reading)
    {
        Figures.CountReport(reading.Refusal);
        if (reading.Sample is { } load)
        {
            var sample = new SampleNow(load, _context.Time.GetTimestamp(), _load!.Interval);
            Figures.Sample = sample;
            _sink.Sampled(sample);
        }
    }
}
