using Fairway.Core.Releases;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;
using Fairway.Gateway.Releases.Executors;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Releases;

/// <summary>
/// Moves releases on. Of several Gateways the one with the lowest id does; two that think so for a moment do no harm, since states
/// are changed only from what was read and effects may come twice.
/// </summary>
internal sealed class ReleaseRunner(
    ReleaseBook book, ReleaseWatch watch, ReleaseHand hand, IReleaseExecutor executor, DirectoryStore directory, IOptions<GatewayOptions> gateway, ReleaseMetrics metrics,
    TimeProvider clock, ILogger<ReleaseRunner> logger) : BackgroundService
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(500);

    private string Me => gateway.Value.Id;

    /// <summary>Changes a release by an operator's word and does at once what follows from it, instances apart.</summary>
    public async Task<ReleaseRecord> SayAsync(string service, Func<ReleaseState, ReleaseStep> command, CancellationToken cancellationToken)
    {
        ReleaseStep step = default;
        var record = await book.ChangeAsync(
            service,
            read =>
            {
                step = command(read.State);
                return read with { State = step.State };
            },
            cancellationToken);
        metrics.Moved(record.State);
        await DoAsync(step.State.Plan, step.Effects.Where(effect => !IsExecutors(effect)), cancellationToken);
        return record;
    }

    /// <summary>One look at every release that runs. Public for tests that move the clock.</summary>
    public async Task TickAsync(CancellationToken cancellationToken)
    {
        if (directory.Current.Tables.Gateways.Select(member => member.Id).Append(Me).Min(StringComparer.Ordinal) != Me)
        {
            return;
        }

        var releases = watch.Current;
        metrics.Show(releases);
        foreach (var release in releases.Where(release => !release.State.IsOver))
        {
            await TickAsync(release, cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(TickEvery, clock);
        try
        {
            while (await ticks.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await TickAsync(stoppingToken);
                }
                catch (Exception e) when (e is RegistryException or TimeoutException or ApiException)
                {
                    Log.ReleasesWait(logger, e.Message); // effects that were not done are asked for again
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private static bool IsExecutors(ReleaseEffect effect) => effect is ReleaseEffect.ScaleLane or ReleaseEffect.ScaleBase;

    private async Task TickAsync(ReleaseRecord release, CancellationToken cancellationToken)
    {
        var plan = release.State.Plan;
        ReleaseStep step = default;
        await book.ChangeAsync(
            plan.Service,
            read =>
            {
                // Another Gateway's clock is not compared with this one's: what it was watching is watched anew.
                var state = read.Runner == Me || read.State.IsOver ? read.State : read.State with { Since = clock.GetUtcNow() };
                step = ReleaseMachine.Tick(state, hand.FleetOf(state.Plan), clock.GetUtcNow());
                return step.State == read.State && read.Runner == Me ? null : read with { State = step.State, Runner = Me };
            },
            cancellationToken);
        if (step.State.Phase != release.State.Phase || step.State.IsPaused != release.State.IsPaused)
        {
            metrics.Moved(step.State);
            Log.ReleaseMoved(logger, plan.Service, plan.Version, step.State.Phase, step.State.IsPaused, step.State.Reason ?? "");
        }

        await DoAsync(plan, step.Effects.Where(effect => !IsExecutors(effect)), cancellationToken);
        foreach (var effect in step.Effects.Where(IsExecutors))
        {
            await ScaleAsync(plan, effect, cancellationToken);
        }
    }

    private async Task DoAsync(ReleasePlan plan, IEnumerable<ReleaseEffect> effects, CancellationToken cancellationToken)
    {
        foreach (var effect in effects)
        {
            await hand.DoAsync(plan, effect, cancellationToken);
        }
    }

    private async Task ScaleAsync(ReleasePlan plan, ReleaseEffect effect, CancellationToken cancellationToken)
    {
        var request = effect switch
        {
            ReleaseEffect.ScaleLane(var count) => new ScaleRequest(plan.Service, plan.Version, plan.Lane, count, []),
            ReleaseEffect.ScaleBase(var count, var stop) => new ScaleRequest(plan.Service, "", "", count, stop),
            _ => throw new ArgumentException("Not an executor's.", nameof(effect)),
        };
        try
        {
            await executor.ScaleAsync(request, cancellationToken);
            await book.ChangeAsync(
                plan.Service,
                read => request.Lane.Length > 0
                    ? read with { State = read.State with { LaneScale = request.Count } }
                    : read with { State = read.State with { BaseScale = request.Count } },
                cancellationToken);
        }
        catch (ExecutorException e)
        {
            Log.ExecutorFailed(logger, plan.Service, request.Lane, request.Count, e.Message);
            await book.ChangeAsync(
                plan.Service,
                read => read.State.IsOver || read.State.IsPaused ? null : read with { State = read.State with { IsPaused = true, Reason = $"EXECUTOR_FAILED: {e.Message}" } },
                cancellationToken);
        }
    }
}
